"""No cell of a CSV file is a formula, numbers stay numbers, and what is safe reads back exactly."""

import csv
import io
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_core.files.csv_cells import csv_as_written, csv_safe
from emotion_core.tables import csv_safe_frame, to_csv_bytes

FORMULAS = (
    "=cmd|' !A0.jpg",
    "@SUM(1+1).jpg",
    "+1.jpg",
    "-1.jpg",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "＝1",
)


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_becomes_text(text: str) -> None:
    assert csv_safe(text) == f"'{text}" or "'=" in str(csv_safe(text))
    assert csv_as_written(str(csv_safe(text))) == text


def test_a_formula_behind_another_separator_becomes_text() -> None:
    # A spreadsheet that separates by ";" sees a cell of its own there.
    assert csv_safe("a;=1+1") == "a;'=1+1"
    assert csv_safe("a\n@SUM(1)") == "a\n'@SUM(1)"


@pytest.mark.parametrize("value", ["a.jpg", "née B.", "3-4", "a=b", "", -1, -0.5, None])
def test_what_is_harmless_stays(value: object) -> None:
    assert csv_safe(value) is value or csv_safe(value) == value


@given(st.text(alphabet="=+-@\t\r\n'; ab,\"＝"))
def test_what_is_safe_reads_back_exactly(text: str) -> None:
    safe = csv_safe(text)
    assert isinstance(safe, str)
    assert csv_as_written(safe) == text
    for separator in ";\t\r\n":
        for part in safe.split(separator):
            assert not part.lstrip(" ").startswith(("=", "+", "-", "@", "＝"))


def test_a_table_keeps_its_numbers_and_loses_its_formulas() -> None:
    frame = pd.DataFrame(
        {
            "=name": [*FORMULAS[:2], "plain"],
            "loss": [-1.5, 0.0, float("nan")],
            "n": [-1, 0, 1],
            "kind": pd.Categorical(["-a", "b", "-a"]),
            "mixed": ["=1", -2, None],
            "yes": [True, False, True],
        }
    )
    before = frame.copy(deep=True)
    rows = list(csv.DictReader(io.StringIO(to_csv_bytes(frame).decode())))
    pd.testing.assert_frame_equal(frame, before)
    assert [row["'=name"] for row in rows] == [*(f"'{text}" for text in FORMULAS[:2]), "plain"]
    assert [row["loss"] for row in rows] == ["-1.5", "0.0", ""]
    assert [row["n"] for row in rows] == ["-1", "0", "1"]
    assert [row["kind"] for row in rows] == ["'-a", "b", "'-a"]
    assert [row["mixed"] for row in rows] == ["'=1", "-2", ""]
    assert rows[0]["yes"] == "True"


def test_a_table_without_rows_or_columns_is_still_one() -> None:
    assert to_csv_bytes(pd.DataFrame({"a": []})) == b"a\n"
    assert csv_safe_frame(pd.DataFrame()).empty


def test_every_writer_of_csv_makes_its_cells_safe() -> None:
    root = Path(__file__).resolve().parents[2]
    # Pixels, numbers of labels and names of splits of our own, in the form of fer2013.csv.
    exempt = {root / "emotion_core" / "datasets" / "exporting.py"}
    writers = []
    for folder in ("emotion_core", "pages"):
        for path in set((root / folder).rglob("*.py")) - exempt:
            source = path.read_text(encoding="utf-8")
            if ".to_csv(index" in source or "frame.to_csv(" in source or "csv.writer(" in source:
                writers.append(path)
                assert "csv_safe" in source, path
    assert len(writers) >= 3
