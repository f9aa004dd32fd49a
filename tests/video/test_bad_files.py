"""Files that are no videos, or not whole: one clear sentence each."""

import errno
import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from emotion_core.errors import VideoError
from emotion_core.images import encode_jpeg
from emotion_core.video import containers
from emotion_core.video.pictures import PictureMaker
from emotion_core.video.probing import probe_video
from emotion_core.video.reading import VideoReader, iter_frames
from emotion_core.video.seeking import frame_at
from tests.video.clips import numbered, write_clip


def refusal(path: Path) -> str:
    """What is said of a file, by the probe and by the reader alike, in one line."""
    with pytest.raises(VideoError) as probed:
        probe_video(path)
    with pytest.raises(VideoError) as read:
        list(iter_frames(path))
    assert str(probed.value) == str(read.value)
    assert "\n" not in str(probed.value)
    return str(probed.value)


def test_empty(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"")
    assert "empty (0 bytes)" in refusal(tmp_path / "a.mp4")


def test_missing(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "a.mp4")


def test_a_folder(tmp_path: Path) -> None:
    assert "This is a folder" in refusal(tmp_path)


def test_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_clip(tmp_path / "a.mp4", [numbered(0)])

    def refuse(*_: object, **__: object) -> int:  # root may read everything
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert "Permission denied" in refusal(path)


def test_text(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("It is only text.\n" * 100)
    assert "This is text" in refusal(tmp_path / "a.mp4")


def test_a_picture(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(encode_jpeg(numbered(3)))
    assert "This is a JPEG picture" in refusal(tmp_path / "a.mp4")


def test_other_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(np.random.default_rng(0).bytes(50_000))
    assert "none that can be read" in refusal(tmp_path / "a.mp4")


@pytest.mark.parametrize("options", [{}, {"movflags": "faststart"}])
def test_the_first_3000_bytes_of_an_mp4(tmp_path: Path, options: dict[str, str]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (10, 240, 320, 3), np.uint8)
    whole = write_clip(tmp_path / "whole.mp4", noise, container_options=options)
    assert whole.stat().st_size > 20_000
    (tmp_path / "a.mp4").write_bytes(whole.read_bytes()[:3000])
    assert "cut off or damaged" in refusal(tmp_path / "a.mp4")


def test_what_is_there_of_a_cut_off_video_is_read_and_the_rest_is_said(tmp_path: Path) -> None:
    whole = write_clip(
        tmp_path / "whole.mp4", [numbered(i) for i in range(200)],
        container_options={"movflags": "faststart"}, options={"bf": "0", "g": "10"},
    )  # fmt: skip
    data = whole.read_bytes()
    (tmp_path / "a.mp4").write_bytes(data[: len(data) // 2])
    with VideoReader(tmp_path / "a.mp4") as reader:
        frames = list(reader)
    assert 20 < len(frames) < 180
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert any("the rest is missing" in note for note in reader.notes)


def test_a_playlist_leads_nowhere(tmp_path: Path) -> None:
    write_clip(tmp_path / "real.ts", [numbered(i) for i in range(25)])
    (tmp_path / "a.m3u8").write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1.0,\nreal.ts\n#EXT-X-ENDLIST\n"
    )
    assert "This is text" in refusal(tmp_path / "a.m3u8")
    (tmp_path / "b.mp4").write_text(f"ffconcat version 1.0\nfile {tmp_path / 'real.ts'}\n")
    assert "This is text" in refusal(tmp_path / "b.mp4")


def test_a_name_is_never_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    clip = write_clip(tmp_path / "a.ts", [numbered(i) for i in range(5)])
    clip.rename(tmp_path / "concat:b.ts")
    assert [frame.index for frame in iter_frames("concat:b.ts")] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("codec", ["libx264", "rawvideo"])
def test_a_picture_that_would_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codec: str
) -> None:
    pix_fmt = "yuv420p" if codec == "libx264" else "bgr24"
    path = write_clip(tmp_path / "a.avi", [numbered(0)] * 3, codec=codec, pix_fmt=pix_fmt)
    assert len(list(iter_frames(path))) == 3
    monkeypatch.setattr(containers, "MAX_PIXELS", 10_000)
    monkeypatch.setitem(containers._LIMITS, "max_pixels", "10000")
    expected = "wanted at most 0.01 million pixels" if codec == "libx264" else "cut off or damaged"
    assert expected in refusal(path)


def test_nonsense_about_the_shape_of_pixels_is_passed_over(tmp_path: Path) -> None:
    path = write_clip(
        tmp_path / "a.mp4", [numbered(1)] * 3, tags={"sample_aspect_ratio": Fraction(255, 2)}
    )
    assert [frame.size_px for frame in iter_frames(path)] == [(160, 120)] * 3


@pytest.mark.parametrize(
    ("ending", "codec"),
    [("mp4", "libx264"), ("mkv", "libx264"), ("ts", "libx264"), ("webm", "libvpx"),
     ("avi", "mpeg4"), ("mpg", "mpeg2video"), ("flv", "libx264")],
)  # fmt: skip
def test_damaged_files_end_in_one_sentence_or_in_what_is_left(
    tmp_path: Path, ending: str, codec: str
) -> None:
    rng = np.random.default_rng(7)
    noise = rng.integers(0, 256, (8, 64, 96, 3), np.uint8)
    whole = write_clip(tmp_path / f"whole.{ending}", noise, codec=codec)
    path = tmp_path / f"a.{ending}"
    outcomes = set()
    for attempt in range(24):
        data = bytearray(whole.read_bytes())
        area = 1500 if attempt % 2 else len(data)
        for _ in range(1 + attempt):
            place = int(rng.integers(0, min(area, len(data))))
            change = rng.bytes(int(rng.integers(1, 20)))
            # Bytes that change, and every third time bytes that come or go.
            gone = len(change) if attempt % 3 else int(rng.integers(0, 20))
            data[place : place + gone] = change
        path.write_bytes(bytes(data))
        try:
            frames = list(iter_frames(path))
            frame_at(path, 0.1)
        except VideoError:
            outcomes.add(refusal(path))
            continue
        assert [frame.index for frame in frames] == list(range(len(frames)))
        times = [frame.timestamp_s for frame in frames]
        assert times == sorted(set(times))
        outcomes.add("read")
    assert "read" in outcomes


def test_what_goes_wrong_while_decoding_reaches_the_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_clip(tmp_path / "a.mp4", [numbered(i) for i in range(9)])

    def fail(self: PictureMaker, frame: object) -> None:
        raise MemoryError("no room for a frame")

    monkeypatch.setattr(PictureMaker, "picture", fail)
    with pytest.raises(MemoryError, match="no room for a frame"):
        list(iter_frames(path))
