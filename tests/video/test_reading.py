"""Frames of ordinary videos, their numbers and times, windows and samples."""

import contextlib
from pathlib import Path

import av
import numpy as np
import pytest

from emotion_core.errors import VideoError
from emotion_core.video import reading
from emotion_core.video.containers import OpenVideo
from emotion_core.video.pictures import PictureMaker
from emotion_core.video.probing import probe_video
from emotion_core.video.reading import VideoReader, iter_frames
from emotion_core.video.sampling import EVERY_FRAME, Sampling
from tests.video.clips import number_in, numbered, write_clip


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """50 frames, 25 a second, with sound; B-frames."""
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    return write_clip(path, [numbered(i) for i in range(50)], audio="aac")


def read(path: Path, sampling: Sampling = EVERY_FRAME, **more: int) -> list[tuple[int, float, int]]:
    return [
        (frame.index, round(frame.timestamp_s, 3), number_in(frame.image))
        for frame in iter_frames(path, sampling, **more)
    ]


def test_every_frame_comes_once_in_order_with_its_time(clip: Path) -> None:
    assert read(clip) == [(i, round(i * 0.04, 3), i) for i in range(50)]


def test_frames_are_bgr_and_upright(clip: Path) -> None:
    frame = next(iter(iter_frames(clip)))
    assert frame.image.shape == (120, 160, 3)
    assert frame.image.dtype == np.uint8
    blue, green, red = frame.image[60, 6].astype(int)
    assert red > 200
    assert max(blue, green) < 60


def test_what_a_video_is(clip: Path) -> None:
    info = probe_video(clip)
    assert (info.format, info.codec, info.width, info.height) == ("mp4", "h264", 160, 120)
    assert info.duration_s == pytest.approx(2.0)
    assert info.average_fps == pytest.approx(25.0)
    assert info.has_audio
    assert info.size_bytes == clip.stat().st_size
    assert (info.rotation_deg, info.start_s, info.notes) == (0, 0.0, ())


@pytest.mark.parametrize(
    ("sampling", "expected"),
    [
        (Sampling(every_n=20), [0, 20, 40]),
        (Sampling(every_s=0.5), [0, 13, 25, 38]),
        (Sampling(every_s=0.2, from_s=1.0, to_s=1.6), [25, 30, 35]),
        (Sampling(from_s=1.9), [48, 49]),
        (Sampling(to_s=0.12), [0, 1, 2]),
        (Sampling(every_s=60.0), [0]),
        (Sampling(from_s=5.0), []),
    ],
)
def test_samples(clip: Path, sampling: Sampling, expected: list[int]) -> None:
    found = read(clip, sampling)
    assert [index for index, _, _ in found] == expected
    assert [number for _, _, number in found] == expected


def test_reading_goes_on_where_it_was(clip: Path) -> None:
    sampling = Sampling(every_s=0.3)
    whole = read(clip, sampling)
    for done in (0, 1, 7, 8, 30, 49):
        assert read(clip, sampling, skip_to_frame=done) == [row for row in whole if row[0] >= done]


def test_a_reader_that_is_closed_early_leaves_no_thread(clip: Path) -> None:
    reader = VideoReader(clip)
    assert next(iter(reader)).index == 0
    thread = reader._thread
    reader.close()
    assert thread is not None
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.2s", Sampling(every_s=0.2)),
        ("5", Sampling(every_n=5)),
        ("", Sampling()),
        (" 1 s ", Sampling(every_s=1.0)),
    ],
)
def test_samplings_as_people_write_them(text: str, expected: Sampling) -> None:
    assert Sampling.parse(text) == expected


def test_windows_as_people_write_them() -> None:
    assert Sampling.parse("", from_s="1:02", to_s="1:02:03.5") == Sampling(from_s=62, to_s=3723.5)


@pytest.mark.parametrize(
    "text", ["0s", "-1s", "0", "-3", "nans", "1.5", "five", "1e400s", "0.2 m", "s"]
)
def test_impossible_samplings_are_refused(text: str) -> None:
    with pytest.raises(VideoError, match="Sampling: wanted"):
        Sampling.parse(text)


@pytest.mark.parametrize(
    ("from_s", "to_s"), [("x", None), (-1.0, None), (5, 5), (5, 4), ("nan", None), (0, "nan")]
)
def test_impossible_windows_are_refused(from_s: str | float, to_s: str | float | None) -> None:
    with pytest.raises(VideoError, match="Sampling: wanted"):
        Sampling.parse("", from_s=from_s, to_s=to_s)


def test_seconds_and_frames_together_are_refused() -> None:
    with pytest.raises(VideoError, match="either"):
        Sampling(every_s=1.0, every_n=2)


def test_what_is_not_sampled_is_decoded_once_and_never_made_a_picture(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # py-feat #139 #182: each frame was sought from the start of the video.
    made, opened = [], []
    make, open_one = PictureMaker.picture, reading.open_video

    def picture(self: PictureMaker, frame: av.VideoFrame) -> np.ndarray:
        made.append(frame.pts)
        return make(self, frame)

    def count(path: Path) -> contextlib.AbstractContextManager[OpenVideo]:
        opened.append(path)
        return open_one(path)

    monkeypatch.setattr(PictureMaker, "picture", picture)
    monkeypatch.setattr(reading, "open_video", count)
    assert len(read(clip, Sampling(every_n=10))) == 5
    assert len(made) == 5
    assert len(opened) == 1


def test_a_slow_reader_holds_the_decoder_back(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    make = PictureMaker.picture

    def picture(self: PictureMaker, frame: av.VideoFrame) -> np.ndarray:
        made.append(frame.pts)
        return make(self, frame)

    monkeypatch.setattr(PictureMaker, "picture", picture)
    most = 0
    for n, _ in enumerate(iter_frames(clip), start=1):
        most = max(most, len(made) - n)
    assert len(made) == 50
    assert most <= 6, "frames in memory beside those of the decoder"


def test_a_reader_reads_once(clip: Path) -> None:
    with VideoReader(clip) as reader:
        assert len(list(reader)) == 50
        with pytest.raises(RuntimeError, match="read once"):
            next(iter(reader))
