"""``video``: videos in, tables and copies out; every broken file one sentence, the others go on."""

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

import pandas as pd
import pytest

from emotion_core.cli.common import EVERY
from emotion_core.video.options import DEFAULT_EVERY_S
from emotion_core.video.probing import probe_video
from tests.cli.conftest import Outcome
from tests.video.face_clips import face_clip

Command = Callable[..., Outcome]
QUICK = ("--model", "compact", "--every", "0.5s")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds, two people one after the other."""
    return face_clip(tmp_path_factory.mktemp("films") / "faces.mp4")


def test_what_the_parser_repeats_is_what_the_library_says() -> None:
    assert f"{DEFAULT_EVERY_S:g}s" == EVERY


def test_a_table_figures_and_json(command: Command, clip: Path, tmp_path: Path) -> None:
    done = command("video", clip, *QUICK, "--output", tmp_path / "out", "--json")
    assert done.code == 0, done.err
    assert done.json["errors"] == []
    (result,) = done.json["results"]
    folder = tmp_path / "out" / "faces"
    assert result == {
        "source": str(clip), "output": str(folder), "frames": 8, "faces": result["faces"],
        "people": 2, "duration_s": 4.0, "seconds": result["seconds"], "notes": [],
    }  # fmt: skip
    frames = pd.read_parquet(folder / "frames.parquet")
    assert frames["time_s"].unique().tolist() == [0.0, 0.52, 1.0, 1.52, 2.0, 2.52, 3.0, 3.52]
    assert frames["track"].notna().sum() == result["faces"]
    wanted = [
        "frame",
        "time_s",
        "width",
        "height",
        "face",
        "track",
        "person",
        "x0",
        "y0",
        "x1",
        "y1",
        "detector_confidence",
    ]
    assert list(frames.columns[: len(wanted)]) == wanted
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["source"]["name"] == "faces.mp4"
    assert len(summary["source"]["sha256"]) == len(summary["model"]["sha256"]) == 64
    assert summary["model"]["name"] == "compact"
    assert summary["options"]["every_s"] == 0.5
    assert sum(summary["share"].values()) == pytest.approx(1, abs=1e-4)
    assert {path.name for path in folder.iterdir()} <= {
        "frames.parquet", "summary.json", "analysis.json", ".lock",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("options", "times"),
    [
        (("--every", "25"), [0.0, 1.0, 2.0, 3.0]),
        (("--frames", "50"), [0.0, 2.0]),
        (("--every", "1s", "--from", "0:01", "--to", "3"), [1.0, 2.0]),
        (("--every", "1", "--from", "3.9"), [3.92, 3.96]),
    ],
)
def test_sampling(
    command: Command, clip: Path, tmp_path: Path, options: tuple[str, ...], times: list[float]
) -> None:
    done = command("video", clip, "--model", "compact", *options, "--output", tmp_path)
    assert done.code == 0, done.err
    assert b"frames" in done.out
    frames = pd.read_parquet(tmp_path / "faces" / "frames.parquet")
    assert frames["time_s"].unique().tolist() == pytest.approx(times)


def test_broken_files_are_one_sentence_and_the_others_go_on(
    command: Command, clip: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    whole = clip.read_bytes()
    (folder / "good.mp4").write_bytes(whole)
    (folder / "cut.mp4").write_bytes(whole[:3000])
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "notes.txt").write_text("passed over: it is not called like a video")
    (folder / "text.mov").write_text("hello")
    done = command("video", folder, *QUICK, "--output", tmp_path / "out", "--json")
    assert done.code == 1
    assert [result["people"] for result in done.json["results"]] == [2]
    errors = {Path(e["source"]).name: e["error"] for e in done.json["errors"]}
    assert set(errors) == {"cut.mp4", "empty.mp4", "text.mov"}
    for name, error in errors.items():
        assert not error.startswith(name)
        assert "\n" not in error
        assert "Traceback" not in error
    # Nothing half-written is taken for whole.
    assert [p.parent.name for p in (tmp_path / "out").rglob("frames.parquet")] == ["good"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing.mp4"], "no such file"),
        (["https://example.org/a.mp4"], "an address, not a file"),
        (["-"], "standard input"),
        (["CLIP", "--blur"], "--annotated"),
        (["CLIP", "--every", "soon"], "wanted seconds such as 0.2s"),
        (["CLIP", "--every", "0s"], "more than 0 seconds"),
        (["CLIP", "--frames", "0"], "wanted a whole number from 1"),
        (["CLIP", "--every", "2", "--frames", "2"], "not allowed with"),
        (["CLIP", "--from", "5", "--to", "4"], "wanted an end after"),
        (["CLIP", "--from", "now"], "wanted a time"),
        (["CLIP", "--model", "nobody"], "No model 'nobody'"),
        (["CLIP", "--detector", "nobody"], "Unknown detector"),
        (["CLIP", "--threshold", "2"], "wanted a number from 0 to 1"),
        (["CLIP", "--labels", "mine"], "invalid choice"),
        (["CLIP", "--output", "CLIP"], "a file stands in its way"),
    ],
)
def test_bad_usage_is_one_sentence(
    command: Command, clip: Path, tmp_path: Path, arguments: list[str], words: str
) -> None:
    given = [str(clip) if part == "CLIP" else part for part in arguments]
    output = [] if "--output" in given else ["--output", str(tmp_path / "out")]
    done = command("video", *given, *output)
    assert done.code == 2
    assert words in done.err
    assert "Traceback" not in done.err
    assert done.out in (b"", b"\n")


def test_a_folder_without_videos(command: Command, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("a")
    done = command("video", tmp_path / "in", "--output", tmp_path / "out", "--json")
    assert done.code == 2
    assert done.json["errors"][0]["error"] == "no videos in this folder"


def test_a_part_without_frames_says_so(command: Command, clip: Path, tmp_path: Path) -> None:
    done = command("video", clip, *QUICK, "--from", "60", "--output", tmp_path, "--json")
    assert done.code == 0
    (result,) = done.json["results"]
    assert (result["frames"], result["faces"]) == (0, 0)
    assert "No frame lies in the part" in result["notes"][0]


def test_resume_does_nothing_twice_and_nothing_old(
    command: Command, clip: Path, tmp_path: Path
) -> None:
    line = ("video", clip, *QUICK, "--output", tmp_path, "--resume", "--json")
    assert command(*line).code == 0
    table = tmp_path / "faces" / "frames.parquet"
    before = table.stat().st_mtime_ns
    unsure = pd.read_parquet(table)["uncertain"].dropna().sum()
    assert command(*line).json["results"][0]["people"] == 2
    assert table.stat().st_mtime_ns == before
    # Other options are another analysis.
    done = command(*line, "--threshold", "0.99")
    assert table.stat().st_mtime_ns != before
    assert pd.read_parquet(table)["uncertain"].dropna().sum() > unsure
    assert done.json["results"][0]["frames"] == 8


@pytest.mark.parametrize("blur", [(), ("--blur",)], ids=["marks", "blurred"])
def test_an_annotated_copy(
    command: Command, clip: Path, tmp_path: Path, blur: tuple[str, ...]
) -> None:
    done = command(
        "video", clip, *QUICK, "--to", "1", "--annotated", *blur, "--output", tmp_path, "--json"
    )
    assert done.code == 0, done.err
    copy = probe_video(Path(done.json["results"][0]["annotated"]))
    assert copy.path == tmp_path / "faces" / "annotated.mp4"
    assert (copy.codec, copy.duration_s) == ("h264", 1.0)


def test_two_videos_of_one_name_have_two_folders(
    command: Command, clip: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other" / "faces.mp4"
    other.parent.mkdir()
    other.write_bytes(clip.read_bytes())
    done = command(
        "video", clip, other, "--every", "2s", "--model", "compact", "--output", tmp_path, "--json"
    )
    assert [Path(r["output"]).name for r in done.json["results"]] == ["faces", "faces-2"]


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_finished(
    start_command: Callable[..., "Popen[bytes]"], clip: Path, tmp_path: Path
) -> None:
    slow = face_clip(tmp_path / "slow.mp4", rounds=8)
    process = start_command(
        "video", slow, "--every", "1", "--model", "compact", "--output", tmp_path, "--json"
    )
    end = time.monotonic() + 100
    while not (tmp_path / "slow" / "parts" / "part-000000.parquet").exists():
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(out) == {"results": [], "errors": []}
    assert b"--resume goes on" in err
    assert b"Traceback" not in err
    assert (tmp_path / "slow" / "parts" / "part-000000.parquet").exists()


def test_analyze_points_to_it(command: Command, clip: Path, tmp_path: Path) -> None:
    hidden = tmp_path / "photo.jpg"
    hidden.write_bytes(clip.read_bytes())
    for path in (clip, hidden):
        done = command("analyze", path)
        assert done.code == 2
        (error,) = done.json["errors"]
        assert error["error"].startswith("a video: `")
        assert f"video {path}` reads it" in error["error"]
