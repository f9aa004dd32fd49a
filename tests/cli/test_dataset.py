"""``dataset``: every action, its output, its exit code."""

import signal
import sys
import time
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from emotion_core.datasets import Corrections, build_synthetic, load_dataset, write_dataset
from tests.datasets import forms


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("EMOTION_LENS_DATASET", raising=False)


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    write_dataset(forms.faces(), tmp_path / "faces.parquet")
    return tmp_path / "faces.parquet"


def test_import_to_the_default_place(command, tmp_path: Path) -> None:
    data = forms.faces()
    source = forms.write_csv(data, tmp_path / "fer2013.csv")
    ferplus = forms.write_ferplus(data, tmp_path / "fer2013new.csv")
    outcome = command("dataset", "import", source, "--ferplus", ferplus, "--json")
    assert outcome.code == 0
    output = tmp_path / "home" / "data" / "fer2013.parquet"
    assert Path(outcome.json["output"]) == output
    assert outcome.json["n"] == 42
    assert outcome.json["has_votes"] is True
    assert outcome.json["sha256"] == load_dataset(output).sha256
    assert "42 faces (28 Training, 7 PublicTest, 7 PrivateTest) from csv" in outcome.err
    np.testing.assert_array_equal(load_dataset().votes, data.votes)


def test_import_with_bad_rows_is_done_in_part(command, tmp_path: Path) -> None:
    lines = forms.csv_lines(forms.faces())
    source = tmp_path / "a.csv"
    source.write_text("\n".join([lines[0], *["8,1 2,Training"] * 12, *lines[1:]]))
    outcome = command("dataset", "import", source, "--output", tmp_path / "out.parquet")
    assert outcome.code == 1
    assert outcome.out == b""
    assert "12 rows were rejected" in outcome.err
    assert "a.csv, line 2: wanted a label from 0 to 6, received '8'" in outcome.err
    assert "and 2 more" in outcome.err


def test_import_of_no_data_set(command, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    outcome = command("dataset", "import", tmp_path / "a.csv", "--output", tmp_path / "o.parquet")
    assert outcome.code == 2
    assert "wanted a CSV whose first line names" in outcome.err
    assert not (tmp_path / "o.parquet").exists()


def test_import_of_numbered_folders_prints_what_to_paste(command, tmp_path: Path) -> None:
    files = {
        f"train/{7 - label}/{i}.png": forms.png(image)
        for i, (label, image) in enumerate(
            zip(forms.faces().labels, forms.faces().images, strict=True)
        )
    }
    source = forms.write_folder(files, tmp_path / "raf")
    line = ("dataset", "import", source, "--output", tmp_path / "o.parquet")
    outcome = command(*line, "--json")
    assert (outcome.code, outcome.out) == (2, b"")
    assert "the folders are numbers" in outcome.err
    options = next(o for o in outcome.err.splitlines() if "--map 1=surprise --map 2=fear" in o)
    assert options.split()[-1] == "7=neutral"
    assert not (tmp_path / "o.parquet").exists()
    outcome = command(*line, "--json", *options.split()[:-1], "7=leave-out")
    assert outcome.code == 0
    assert outcome.json["left_out"] == {"7": 6}
    assert outcome.json["labels"][0] == {
        "name": "1",
        "n": 6,
        "expression": "surprise",
        "reason": "as you said",
    }
    assert "Left out: 6 of 7." in outcome.err
    assert command(*line, "--map", "1").code == 2


def test_import_tells_what_it_assumed(command, tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    lines = [line.replace(",", ";") for line in forms.csv_lines(forms.faces())]
    source.write_text("\n".join(lines), encoding="utf-16")
    outcome = command("dataset", "import", source, "--output", tmp_path / "o.parquet", "--json")
    assert outcome.code == 0
    assert outcome.json["assumed"] == [
        "The text is UTF-16.",
        "Semicolons separate the columns.",
    ]
    assert "Assumed: Semicolons separate the columns." in outcome.err


def test_import_with_face_detection(command, astronaut, tmp_path: Path) -> None:
    folder = tmp_path / "mine" / "happy"
    folder.mkdir(parents=True)
    astronaut.save(folder / "a.png")
    astronaut.crop((300, 300, 500, 500)).save(folder / "no-face.png")
    output = tmp_path / "mine.parquet"
    outcome = command("dataset", "import", tmp_path / "mine", "--detect", "--output", output)
    assert outcome.code == 1
    assert "happy/no-face.png: no face found" in outcome.err
    data = load_dataset(output)
    assert len(data) == 1
    # A face fills the crop: what is at its middle is skin, not the flag behind it.
    assert 90 < data.images[0, 20:30, 20:30].mean() < 240
    assert command("dataset", "import", tmp_path / "mine", "--detect", "nope").code == 2


def test_sigterm_leaves_nothing(start_command, tmp_path: Path) -> None:
    lines = forms.csv_lines(forms.faces())
    source = tmp_path / "long.csv"
    source.write_text("\n".join([lines[0], *lines[1:] * 400]))
    out = tmp_path / "out"
    process = start_command("dataset", "import", source, "--output", out / "a.parquet")
    deadline = time.monotonic() + 60
    while not (out.exists() and list(out.iterdir())) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [path.suffix for path in out.iterdir()] == [".partial"]
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.strip() == b"Stopped."
    assert list(out.iterdir()) == []


def test_info(command, stored: Path) -> None:
    outcome = command("dataset", "info", stored, "--json")
    assert outcome.code == 0
    info = outcome.json
    assert info["n"] == 42
    assert info["splits"]["Training"]["happy"] == 4
    assert info["labels"][6] == "neutral"
    assert info["has_votes"] is True
    assert info["sha256"] == load_dataset(stored).sha256
    text = command("dataset", "info", stored).out.decode()
    assert "42 faces of 48 x 48" in text
    assert "synthetic" in text  # the mark survives the file
    assert command("dataset", "info", stored.parent / "none.parquet").code == 2


def test_info_of_the_word_synthetic_and_of_the_environment(
    command, stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command("dataset", "info", "synthetic", "--json").json["n"] == 2100
    monkeypatch.setenv("EMOTION_LENS_DATASET", str(stored))
    assert command("dataset", "info", "--json").json["n"] == 42


def test_info_and_export_with_corrections(command, stored: Path, tmp_path: Path) -> None:
    corrections = Corrections.load(stored)
    corrections.exclude([0, 1])
    corrections.save()
    assert command("dataset", "info", stored, "--json").json["n"] == 42
    info = command("dataset", "info", stored, "--corrections", "--json").json
    assert info["n"] == 40
    assert info["corrected"] is True
    out = tmp_path / "out.csv"
    line = ("dataset", "export", stored, "--form", "csv", "--output", out)
    assert command(*line, "--corrections").code == 0
    assert len(out.read_text().splitlines()) == 41
    assert command(*line).code == 0
    assert len(out.read_text().splitlines()) == 43


def test_export_filters(command, stored: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    line = ("dataset", "export", stored, "--form", "parquet", "--output", out)
    outcome = command(*line, "--split", "Training", "--emotion", "happiness", "--emotion", "sad")
    assert outcome.code == 0
    assert "8 faces written" in outcome.err
    data = load_dataset(out)
    assert set(data.usage) == {"Training"}
    assert {data.label_set[int(k)].value for k in data.labels} == {"happy", "sad"}
    assert "received 'holiday'" in command(*line, "--split", "holiday").err
    assert "Received: 'bored'" in command(*line, "--emotion", "bored").err
    assert command(*line, "--emotion", "contempt").code == 2


def test_audit_prints_what_people_script_against(command, tmp_path: Path) -> None:
    path = tmp_path / "synthetic-faces.parquet"
    write_dataset(build_synthetic(36, seed=5), path)
    findings = tmp_path / "findings.csv"
    outcome = command("dataset", "audit", path, "--no-model", "--json", "--output", findings)
    assert outcome.code == 0
    for key in (
        *("exact_duplicate_groups", "exact_duplicate_images", "conflicting_groups"),
        *("test_images_in_training", "validation_images_in_training"),
        *("mirrored_duplicate_groups", "near_duplicate_groups", "flat_images", "label_issues"),
    ):
        assert key in outcome.json, key
    # One of each was planted: a leaking copy, a mirrored one, a conflicting pair, a flat picture.
    assert outcome.json["exact_duplicate_groups"] == 2
    assert outcome.json["conflicting_groups"] == 1
    assert outcome.json["flat_images"] == 1
    assert findings.read_text().startswith("row,")
    text = command("dataset", "audit", path, "--no-model").out.decode()
    assert "conflicting groups" in text


def test_synthesize(command, tmp_path: Path) -> None:
    out = tmp_path / "new" / "synthetic-faces.parquet"
    line = ("dataset", "synthesize", "--output", out, "--per-class", "4", "--seed", "3")
    outcome = command(*line, "--json")
    assert outcome.code == 0
    assert outcome.json["n"] == 42
    data = load_dataset(out)
    assert data.is_synthetic
    np.testing.assert_array_equal(data.images, forms.faces().images)
    first = out.read_bytes()
    assert command(*line).code == 0
    assert out.read_bytes() == first
    assert command("dataset", "synthesize", "--output", out, "--per-class", "0").code == 2


# The package kagglehub is not installed with the app: a stand-in has its place.


def stand_in(monkeypatch: pytest.MonkeyPatch, answer: object) -> list[str]:
    asked: list[str] = []

    def dataset_download(handle: str) -> str:
        asked.append(handle)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    module = ModuleType("kagglehub")
    module.dataset_download = dataset_download  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "kagglehub", module)
    return asked


def test_download(command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "cache" / "versions" / "1"
    folder.mkdir(parents=True)
    forms.write_csv(forms.faces(), folder / "fer2013.csv")
    asked = stand_in(monkeypatch, folder)
    outcome = command("dataset", "download", "--json")
    assert outcome.code == 0
    assert asked == ["deadskull7/fer2013"]
    assert outcome.json["n"] == 42
    pictures = forms.write_folder(forms.kaggle_files(forms.faces()), tmp_path / "p")
    asked = stand_in(monkeypatch, pictures)
    output = tmp_path / "o.parquet"
    assert command("dataset", "download", "--handle", "a/b", "--output", output).code == 0
    assert asked == ["a/b"]
    assert len(load_dataset(output)) == 42


def test_download_offline_says_what_to_do(
    command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, ConnectionError("Failed to resolve 'www.kaggle.com'"))
    outcome = command("dataset", "download")
    assert outcome.code == 2
    for text in ("Failed to resolve", "Check the connection", "dataset import FILE"):
        assert text in outcome.err
    assert "Traceback" not in outcome.err
    stand_in(monkeypatch, tmp_path / "gone")
    assert "does not exist" in command("dataset", "download").err


def test_download_without_the_package(command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    outcome = command("dataset", "download")
    assert outcome.code == 2
    assert "pip install kagglehub" in outcome.err
    assert "https://www.kaggle.com/datasets/deadskull7/fer2013" in outcome.err


def test_help_has_an_example_on_every_level(command) -> None:
    for action in ((), ("import",), ("info",), ("audit",), ("export",), ("download",)):
        outcome = command("dataset", *action, "--help")
        assert outcome.code == 0
        assert b"example:\n  " in outcome.out
