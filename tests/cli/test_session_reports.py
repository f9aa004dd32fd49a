"""``sessions export | report | compare | agreement``, on a store of this test's own."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from emotion_core.store.store import Store
from tests.video.tables import happy, result, sad


@pytest.fixture
def ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two recordings: Anna before (happy, then sad) and after (happy)."""
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path / "home"))
    found = []
    with Store() as store:
        for condition, change in (("before", 10), ("after", 20)):
            recorder = store.record(model="compact", detector="yunet", flush_s=3600)
            for i in range(20):
                recorder.add(result(i, i * 0.5, [happy() if i < change else sad()]))
            recorder.stop()
            session = store.session(recorder.id)
            session.rename(f"Talk {condition}")
            session.people.link(1, "Anna")
            session.join_group("Study", condition)
            session.markers.add(1.0, 3.0, "scene")
            found.append(session.id)
    return found


def test_exports_go_to_a_file_or_to_stdout(
    ids: list[str], command: Callable[..., Any], tmp_path: Path
) -> None:
    ended = command("sessions", "export", ids[0], "--form", "pyfeat")
    assert ended.code == 0
    assert len(pd.read_csv(io.BytesIO(ended.out))) == 20
    path = tmp_path / "both.zip"
    assert command("sessions", "export", *ids, "--form", "elan", "--output", path).code == 0
    assert sorted(zipfile.ZipFile(path).namelist()) == ["Talk after.eaf", "Talk before.eaf"]
    part = command("sessions", "export", ids[0], "--form", "csv", "--from", "2", "--to", "4")
    assert pd.read_csv(io.BytesIO(part.out))["time_s"].between(1.5, 4).all()
    other = command(
        "sessions", "export", ids[0], "--form", "webvtt", "--output", tmp_path / "a.txt"
    )
    assert "holds vtt" in other.err


@pytest.mark.slow
def test_a_report_with_a_comparison(
    ids: list[str], command: Callable[..., Any], tmp_path: Path
) -> None:
    page, pdf = tmp_path / "r.html", tmp_path / "r.pdf"
    options = ("--compare", "group", "--title", "Study")
    assert command("sessions", "report", *ids, *options, "--output", page).code == 0
    text = page.read_text(encoding="utf-8")
    assert "<title>Study</title>" in text
    assert "Comparison: share of time" in text
    assert command("sessions", "report", ids[0], "--output", pdf).code == 0
    assert pdf.read_bytes().startswith(b"%PDF")


def test_a_comparison_as_json_and_as_lines(ids: list[str], command: Callable[..., Any]) -> None:
    ended = command("sessions", "compare", *ids, "--by", "group", "--json")
    assert ended.code == 0
    found = ended.json
    assert found["conditions"] == ["before", "after"]
    row = next(r for r in found["pairs"] if r["expression"] == "happy")
    assert row["difference"] == pytest.approx(0.5, abs=0.05)
    assert row["p"] is None
    assert "says nothing about people in general" in found["warnings"][0]
    lines = command("sessions", "compare", *ids, "--condition", ids[1], "--condition", ids[0])
    assert f"{ids[0]} less {ids[1]}: -0." in lines.out.decode()
    assert "says nothing about people" in lines.err


def test_agreement_with_a_coding(
    ids: list[str], command: Callable[..., Any], tmp_path: Path
) -> None:
    coding = tmp_path / "c.csv"
    coding.write_text("start,end,emotion,person\n0,5,happy,anna\n5,10,sad,anna\n", encoding="utf-8")
    ended = command("sessions", "agreement", ids[0], "--coding", coding, "--json")
    assert ended.code == 0
    assert ended.json["kappa"][-1]["kappa"] == pytest.approx(1)
    assert json.dumps(ended.json, allow_nan=False)
    words = command("sessions", "agreement", ids[0], "--coding", coding).out.decode()
    assert "kappa 1.00" in words
    report = tmp_path / "r.html"
    given = ("--coding", coding, "--output", report)
    assert command("sessions", "report", ids[0], *given).code == 0
    assert "Agreement with people" in report.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["export", "nobody", "--form", "csv"], "nobody"),
        (["export", "{0}", "--form", "docx"], "invalid choice"),
        (["export", "{0}", "--form", "csv", "--from", "900"], "wanted an interval within"),
        (["export", "{0}", "--form", "csv", "--from", "nan"], "wanted a number from 0"),
        (["compare", "{0}"], "at least two of session"),
        (["compare", "{0}", "{1}", "--by", "group", "--condition", "x"], "Received: x"),
        (["report", "{0}", "{1}", "--coding", "c.csv"], "--coding is of one session"),
        (["agreement", "{0}", "--coding", "none.csv"], "No such file"),
        (["agreement", "{0}", "--coding", "https://example.org/c.csv"], "on this machine"),
    ],
)  # fmt: skip
def test_bad_wishes_are_one_sentence(
    arguments: list[str], words: str, ids: list[str], command: Callable[..., Any]
) -> None:
    ended = command("sessions", *(argument.format(*ids) for argument in arguments))
    assert ended.code == 2
    assert words in ended.err
    assert "Traceback" not in ended.err
    assert ended.out == b""
