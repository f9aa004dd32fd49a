"""``analyze`` on real photos, whole and broken, in every output form."""

import io
import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from emotion_core.cli import outputs
from emotion_core.emotions import FER2013


def names(entries: list[dict]) -> set[str]:
    return {Path(entry["source"]).name for entry in entries}


def test_one_photo_on_stdout(command, astronaut_path: Path) -> None:
    outcome = command("analyze", astronaut_path)
    assert outcome.code == 0
    document = outcome.json
    assert document["errors"] == []
    assert document["model"]
    (photo,) = document["results"]
    assert (photo["source"], photo["width"], photo["height"]) == (str(astronaut_path), 512, 512)
    (face,) = photo["faces"]
    x0, y0, x1, y1 = face["box"]
    # The face stands at about (180-270, 60-190) in this well-known picture.
    assert 130 < x0 < 220 < x1 < 320
    assert 10 < y0 < 120 < y1 < 250
    assert list(face["scores"]) == list(FER2013.names)
    assert sum(face["scores"].values()) == pytest.approx(1, abs=1e-4)
    assert face["emotion"] == max(face["scores"], key=face["scores"].get)


def test_mixed_folder(command, mixed_folder, tmp_path: Path) -> None:
    assert sum(path.is_file() and path.name[0] != "." for path in mixed_folder.path.iterdir()) == 30
    outcome = command("analyze", mixed_folder.path)
    assert outcome.code == 1
    document = outcome.json
    assert names(document["errors"]) == mixed_folder.broken
    assert names(document["results"]).isdisjoint(mixed_folder.broken)
    assert len(document["results"]) + len(document["errors"]) == 30
    texts = {Path(e["source"]).name: e["error"] for e in document["errors"]}
    for name in mixed_folder.not_images:
        assert texts[name].startswith("not an image: ")
    faces = {Path(r["source"]).name: len(r["faces"]) for r in document["results"]}
    assert faces.pop("group.jpg") == 8
    assert {faces.pop(name) for name in mixed_folder.faceless} == {0}
    assert set(faces.values()) == {1}, faces


def test_every_table_has_the_faces_of_the_json(command, mixed_folder, tmp_path: Path) -> None:
    document = command("analyze", mixed_folder.path).json
    rows = [(r["source"], f["emotion"]) for r in document["results"] for f in r["faces"]]
    for form, read in (("csv", pd.read_csv), ("parquet", pd.read_parquet)):
        path = tmp_path / f"faces.{form}"
        assert command("analyze", mixed_folder.path, "--output", path).code == 1
        table = read(path)
        assert list(zip(table["source"], table["emotion"], strict=True)) == rows
        assert table[list(FER2013.names)].sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-4)
    piped = command("analyze", mixed_folder.path, "--format", "csv")
    assert len(pd.read_csv(io.BytesIO(piped.out))) == len(rows)
    lines = command("analyze", mixed_folder.path, "--format", "jsonl").out.splitlines()
    entries = [json.loads(line) for line in lines]
    assert [e["source"] for e in entries if "faces" in e] == [
        r["source"] for r in document["results"]
    ]
    assert names([e for e in entries if "error" in e]) == mixed_folder.broken


def test_recursive_reads_deeper_folders(command, mixed_folder) -> None:
    assert "deeper.jpg" in names(
        command("analyze", mixed_folder.path, "--recursive").json["results"]
    )


def test_file_named_twice_is_read_once(command, astronaut_path: Path) -> None:
    document = command("analyze", astronaut_path, astronaut_path.parent).json
    assert len(document["results"]) == 1


def test_hidden_file_is_read_when_named(command, astronaut_path: Path) -> None:
    hidden = astronaut_path.rename(astronaut_path.with_name(".astronaut.jpg"))
    assert len(command("analyze", hidden).json["results"]) == 1


def test_annotated_pictures(command, astronaut_path: Path, tmp_path: Path) -> None:
    more = tmp_path / "more"
    more.mkdir()
    (more / "astronaut.png").write_bytes(astronaut_path.read_bytes())
    before = astronaut_path.read_bytes()
    marked = tmp_path / "out" / "marked"
    outcome = command("analyze", astronaut_path, more, "--annotated", marked)
    assert outcome.code == 0
    assert sorted(path.name for path in marked.iterdir()) == ["astronaut-2.jpg", "astronaut.jpg"]
    assert astronaut_path.read_bytes() == before
    with Image.open(marked / "astronaut.jpg") as picture, Image.open(astronaut_path) as original:
        assert picture.size == original.size
        assert picture.tobytes() != original.tobytes()


def test_a_second_run_leaves_its_own_output_out(command, astronaut_path: Path) -> None:
    folder = astronaut_path.parent
    options = ("--recursive", "--output", folder / "faces.json", "--annotated", folder / "marked")
    for _ in range(2):
        assert command("analyze", folder, *options).code == 0
    assert len(json.loads((folder / "faces.json").read_bytes())["results"]) == 1


def test_blurred_faces_are_blurred(command, astronaut_path: Path, tmp_path: Path) -> None:
    face = command("analyze", astronaut_path).json["results"][0]["faces"][0]
    x0, y0, x1, y1 = (round(v) for v in face["box"])
    detail = []
    for option in ([], ["--blur-faces"]):
        folder = tmp_path / f"marked{len(option)}"
        assert command("analyze", astronaut_path, "--annotated", folder, *option).code == 0
        with Image.open(folder / "astronaut.jpg") as picture:
            inside = np.asarray(picture.convert("L"), int)[y0 + 10 : y1 - 10, x0 + 10 : x1 - 10]
        detail.append(np.abs(np.diff(inside, axis=1)).mean())
    assert detail[1] < detail[0] / 3


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (["--model", "nope"], "No model 'nope'"),
        (["--detector", "nope"], "nope"),
        (["--min-confidence", "2"], "--min-confidence: wanted a number from 0 to 1"),
        (["--format", "xml"], "--format"),
        (["--output", "/nowhere/out.json"], "Cannot write /nowhere/out.json"),
        (["--annotated", "."], "--annotated wants a folder of its own"),
    ],
)
def test_usage_errors_are_one_sentence(
    command, astronaut_path: Path, monkeypatch: pytest.MonkeyPatch, options, wanted
) -> None:
    monkeypatch.chdir(astronaut_path.parent)
    outcome = command("analyze", astronaut_path, *options)
    assert outcome.code == 2
    assert outcome.out == b""
    assert wanted in outcome.err
    assert "Traceback" not in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1


@pytest.mark.parametrize("broken", ["nothing-here.jpg", "broken.jpg", "."])
def test_nothing_could_be_done(command, tmp_path: Path, broken: str) -> None:
    (tmp_path / "broken.jpg").write_text("not a photo", encoding="utf-8")
    path = tmp_path / broken
    outcome = command("analyze", path)
    assert outcome.code == 2
    assert outcome.json["results"] == []
    assert len(outcome.json["errors"]) == 1


def test_empty_folder_says_so(command, tmp_path: Path) -> None:
    outcome = command("analyze", tmp_path)
    assert outcome.code == 2
    assert "no files in this folder" in outcome.json["errors"][0]["error"]


def test_some_failed(command, astronaut_path: Path, tmp_path: Path) -> None:
    outcome = command("analyze", astronaut_path, tmp_path / "missing.jpg")
    assert outcome.code == 1
    assert outcome.json["errors"][0]["error"] == "no such file or folder"
    assert len(outcome.json["results"]) == 1


def test_unexpected_error_in_one_photo_does_not_stop_the_rest(
    command, mixed_folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emotion_core import image_analysis

    real = image_analysis.load_image

    def flaky(path: Path, **options: int):
        if path.name == "hopper.jpg":
            raise MemoryError("no room")
        return real(path, **options)

    monkeypatch.setattr(image_analysis, "load_image", flaky)
    document = command("analyze", mixed_folder.path).json
    errors = {Path(e["source"]).name: e["error"] for e in document["errors"]}
    assert errors["hopper.jpg"] == "unexpected MemoryError: no room"
    assert len(document["results"]) == 22


def test_parquet_to_a_terminal_is_refused(
    command, astronaut_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs.sys.stdout, "isatty", lambda: True, raising=False)
    outcome = command("analyze", astronaut_path, "--format", "parquet")
    assert outcome.code == 2
    assert "terminal" in outcome.err


def test_failed_run_leaves_the_old_output(command, tmp_path: Path, astronaut_path: Path) -> None:
    output = tmp_path / "kept" / "faces.json"
    output.parent.mkdir()
    output.write_text("old", encoding="utf-8")
    assert command("analyze", astronaut_path, "--output", output, "--model", "nope").code == 2
    assert output.read_text(encoding="utf-8") == "old"
    assert [path.name for path in output.parent.iterdir()] == ["faces.json"]


def test_no_tensorflow_on_the_way_to_a_photo(start_command, astronaut_path: Path) -> None:
    process = start_command("analyze", astronaut_path, env={"PYTHONPROFILEIMPORTTIME": "1"})
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0
    assert json.loads(out)["results"][0]["faces"]
    imported = {line.rsplit("|", 1)[-1].strip() for line in err.decode().splitlines()}
    assert "emotion_core.pipeline" in imported
    heavy = {"tensorflow", "keras", "streamlit", "torch", "pandas"}
    assert {name.split(".")[0] for name in imported}.isdisjoint(heavy)


def test_ctrl_c_keeps_what_was_done(start_command, astronaut_path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    photo = astronaut_path.read_bytes()
    for number in range(400):
        (folder / f"{number:03}.jpg").write_bytes(photo)
    output = tmp_path / "faces.jsonl"
    process = start_command(
        "analyze", folder, "--format", "json", "--output", output, "--annotated", tmp_path / "a"
    )
    while not list((tmp_path / "a").glob("*.jpg")):  # the first photo is done
        assert process.poll() is None, process.stderr.read()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in err
    done = len(json.loads(output.read_bytes())["results"])
    assert 1 <= done < 400


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGPIPE")
def test_broken_pipe_is_quiet(start_command, mixed_folder) -> None:
    with start_command("analyze", mixed_folder.path, "--format", "jsonl") as process:
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read().decode()
        assert process.wait(timeout=120) == 141
    assert "Traceback" not in err
    assert "BrokenPipe" not in err


def test_file_names_that_are_no_utf8(start_command, astronaut_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(astronaut_path.parent) + b"/odd\xff.jpg"))
    try:
        odd.write_bytes(astronaut_path.read_bytes())
    except OSError:
        pytest.skip("this file system wants UTF-8 names")
    process = start_command("analyze", astronaut_path.parent, stderr=subprocess.DEVNULL)
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert [len(r["faces"]) for r in json.loads(out)["results"]] == [1, 1]


ODD_KINDS = ("pipe.jpg", "zero.jpg", "gone.jpg", "circle.jpg")


def make_odd_files(folder: Path) -> None:
    os.mkfifo(folder / "pipe.jpg")
    (folder / "zero.jpg").symlink_to("/dev/zero")
    (folder / "gone.jpg").symlink_to(folder / "nothing")
    (folder / "circle.jpg").symlink_to("circle.jpg")


@pytest.mark.skipif(os.name != "posix", reason="pipes and devices of POSIX systems")
def test_what_is_no_file_is_one_failure_each(command, astronaut_path: Path, tmp_path: Path) -> None:
    make_odd_files(tmp_path)
    outcome = command("analyze", astronaut_path, tmp_path)
    assert outcome.code == 1
    assert len(outcome.json["results"]) == 1
    told = {Path(e["source"]).name: e["error"] for e in outcome.json["errors"]}
    assert "a named pipe, not a file" in told["pipe.jpg"]
    assert "a device, not a file" in told["zero.jpg"]
    assert "No such file" in told["gone.jpg"]
    assert "symbolic links" in told["circle.jpg"]
    assert set(told) == set(ODD_KINDS)
    for name in ODD_KINDS:  # named on the command line it is the same
        assert len(command("analyze", tmp_path / name).json["errors"]) == 1


def test_a_name_longer_than_any_file_has_is_a_failure(command) -> None:
    outcome = command("analyze", "x" * 5000)
    assert outcome.code == 2
    assert outcome.json["errors"][0]["error"] == "no such file or folder"


ODD_NAMES = (
    "=cmd|' !A0.jpg",
    "@SUM(1+1).jpg",
    'a<b>:"c?*.jpg',
    "CON.jpg",
    "con.jpg",
    "dot..jpg",
    "dot. .jpg",
    "é" * 123 + ".jpg",
)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such names")
def test_odd_names_are_harmless_in_tables_and_folders(
    command, astronaut_path: Path, tmp_path: Path
) -> None:
    photos, marked = tmp_path / "photos", tmp_path / "marked"
    photos.mkdir()
    data = Image.open(astronaut_path).resize((256, 256))
    for name in ODD_NAMES:
        data.save(photos / name)
    here = Path.cwd()
    os.chdir(photos)  # so that the table's sources begin with the names
    try:
        outcome = command("analyze", *ODD_NAMES, "--format", "csv", "--annotated", marked)
        document = command("analyze", *ODD_NAMES).json
        command("analyze", *ODD_NAMES, "--output", tmp_path / "faces.parquet")
    finally:
        os.chdir(here)
    assert outcome.code == 0
    sources = set(pd.read_csv(io.BytesIO(outcome.out))["source"])
    assert sources == {f"'{name}" if name[0] in "=@" else name for name in ODD_NAMES}
    assert [photo["source"] for photo in document["results"]] == list(ODD_NAMES)
    assert set(pd.read_parquet(tmp_path / "faces.parquet")["source"]) == set(ODD_NAMES)
    made = {path.name for path in marked.iterdir()}
    assert len(made) == len({name.casefold() for name in made}) == len(ODD_NAMES)
    assert {"=cmd_' !A0.jpg", "_CON.jpg", "_con-2.jpg", "dot.jpg", "dot-2.jpg"} <= made
    assert not any(set(name) & set('<>:"|?*') for name in made)


@pytest.mark.parametrize("address", ["https://example.org/a.jpg", "s3://faces/a.jpg"])
def test_an_address_says_what_to_do(command, astronaut_path: Path, address: str) -> None:
    outcome = command("analyze", address, astronaut_path)
    assert outcome.code == 1
    (error,) = outcome.json["errors"]
    assert error["source"] == address
    assert "download it first" in error["error"]


def piped(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_a_picture_from_standard_input(
    command, astronaut_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    piped(monkeypatch, astronaut_path.read_bytes())
    outcome = command("analyze", "-", "--annotated", tmp_path / "marked")
    assert outcome.code == 0
    (photo,) = outcome.json["results"]
    assert photo["source"] == "standard input"
    assert len(photo["faces"]) == 1
    assert [path.name for path in (tmp_path / "marked").iterdir()] == ["standard input.jpg"]


def test_a_zip_from_standard_input(
    command, astronaut_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(astronaut_path, "trip/a.png")
        archive.writestr("../b.png", b"x")
        archive.writestr("__MACOSX/._a.png", b"x")
    piped(monkeypatch, packed.getvalue())
    outcome = command("analyze", "-")
    assert outcome.code == 1
    assert [photo["source"] for photo in outcome.json["results"]] == ["standard input/trip/a.png"]
    (error,) = outcome.json["errors"]
    assert error["source"] == "standard input/b.png"
    assert "1 hidden file passed over" in outcome.err


def test_a_zip_that_is_named_is_read_like_a_folder(
    command, astronaut_path: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    path = folder / "trip.ZIP"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(astronaut_path, "day/a.png")
        archive.writestr(".hidden", b"x")
        archive.writestr("notes.txt", b"x")
    outcome = command("analyze", path)
    assert outcome.code == 1
    (photo,) = outcome.json["results"]
    assert photo["source"] == f"{path}/day/a.png"
    assert len(photo["faces"]) == 1
    (error,) = outcome.json["errors"]
    assert error["source"].endswith("trip.ZIP/notes.txt")
    assert "1 hidden file passed over" in outcome.err
    # Beside the photos of a folder it may hold them a second time.
    outcome = command("analyze", folder)
    assert outcome.code == 2
    assert [error["source"] for error in outcome.json["errors"]] == [str(path)]


def test_a_zip_that_is_too_large_or_damaged_is_said(
    command, astronaut_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged, large = tmp_path / "damaged.zip", tmp_path / "large.zip"
    damaged.write_bytes(b"PK no zip")
    large.write_bytes(bytes(2000))
    monkeypatch.setattr("emotion_core.cli.inputs._MAX_PIPED_BYTES", 1000)
    outcome = command("analyze", damaged, large, astronaut_path)
    assert outcome.code == 1
    assert [photo["source"] for photo in outcome.json["results"]] == [str(astronaut_path)]
    first, second = outcome.json["errors"]
    assert "not a readable zip file" in first["error"] + second["error"]
    assert {error["source"].rsplit("/", 1)[-1] for error in (first, second)} == {
        "damaged.zip",
        "large.zip",
    }


@pytest.mark.parametrize("data", [b"", b"no picture", b"PK\x03\x04 no zip"])
def test_nothing_good_from_standard_input_is_one_failure(
    command, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    piped(monkeypatch, data)
    outcome = command("analyze", "-")
    assert outcome.code == 2
    (error,) = outcome.json["errors"]
    assert error["source"] == "standard input"


def test_too_much_from_standard_input_is_refused(command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emotion_core.cli.inputs._MAX_PIPED_BYTES", 1000)
    piped(monkeypatch, bytes(2000))
    outcome = command("analyze", "-")
    assert outcome.code == 2
    assert "wanted at most" in outcome.err


@pytest.mark.parametrize("line", [("dataset", "import"), ("models", "add")], ids=["import", "add"])
def test_other_commands_say_what_to_do_with_an_address(command, line: tuple[str, str]) -> None:
    outcome = command(*line, "https://example.org/fer2013.csv")
    assert outcome.code == 2
    assert "download it first" in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1
    assert "no addresses" in command(*line, "--help").out.decode()


def test_help_tells_of_standard_input_and_addresses(command) -> None:
    text = " ".join(command("analyze", "--help").out.decode().split())
    assert "from standard input" in text
    assert "no addresses" in text


def test_photos_are_kept_as_a_session_once(
    command, astronaut_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("EMOTION_LENS_DATABASE_URL", raising=False)
    outcome = command("analyze", astronaut_path, "--keep", "Space")
    assert outcome.code == 0
    assert len(outcome.json["results"]) == 1  # as without it
    assert "Kept as session" in outcome.err
    again = command("analyze", astronaut_path, "--keep")
    assert "Already kept as session" in again.err
    (info,) = command("sessions", "list", "--json").json["sessions"]
    assert (info["kind"], info["name"], info["rows"]) == ("photos", "Space", 1)
    assert info["sources"][0]["sha256"]
    (tmp_path / "home" / "store.sqlite").write_bytes(b"something else")
    outcome = command("analyze", astronaut_path, "--keep")
    assert outcome.code == 1
    assert "The photos were not kept" in outcome.err
    assert len(outcome.json["results"]) == 1
