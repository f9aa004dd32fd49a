"""Annotated copies: what they show, their times, their sound, and that no raw face is in them."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest

from emotion_core.emotions import Emotion
from emotion_core.errors import DiskFullError, OutputError, VideoError
from emotion_core.types import Frame
from emotion_core.video.annotating import HIDDEN_NOTE, annotate_video
from emotion_core.video.face_places import SampledFaces
from emotion_core.video.probing import probe_video
from emotion_core.video.reading import iter_frames
from tests.files.conftest import SmallDisk, real_disk  # noqa: F401 (a fixture)
from tests.video.clips import number_in, numbered, tone, write_clip

Box = tuple[float, float, float, float]


def sampled(
    rows: list[tuple[int, float, list[Box]]], size: tuple[int, int] = (160, 120)
) -> SampledFaces:
    """Faces of (frame, time, boxes), each box its track."""
    found = []
    for frame, time_s, boxes in rows:
        base = {"frame": frame, "time_s": time_s, "width": size[0], "height": size[1]}
        found += [
            base
            | dict(zip(("x0", "y0", "x1", "y1"), box, strict=True))
            | {"track": i + 1, "expression": "happy", "confidence": 0.9, "uncertain": False}
            for i, box in enumerate(boxes)
        ] or [base]
    columns = ["track", "x0", "y0", "x1", "y1", "expression", "confidence", "uncertain"]
    frame = pd.DataFrame(found, columns=["frame", "time_s", "width", "height", *columns])
    return SampledFaces.from_table(frame.astype({"track": "Int32", "uncertain": "boolean"}))


NOBODY = sampled([(0, 0.0, [])])


def rows(path: Path) -> list[tuple[float, int]]:
    return [(round(f.timestamp_s, 3), number_in(f.image)) for f in iter_frames(path)]


def streams(path: Path) -> list[tuple[str, str]]:
    with av.open(str(path)) as container:
        return [(s.type, s.codec_context.name) for s in container.streams]


def sound(path: Path) -> tuple[float, np.ndarray]:
    """(begin, samples) of the first sound of a file."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    return float(frames[0].time), np.concatenate([f.to_ndarray().mean(axis=0) for f in frames])


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mp4", {"audio": "aac"}),
        ("vfr.mkv", {"times_ms": [0, 40, 200, 240, 1000, 1010, 1500, 1540, 1600, 2000]}),
        ("five.mkv", {"start_ms": 5000, "audio": "aac"}),
        ("live.webm", {"codec": "libvpx", "audio": "libopus", "container_options": {"live": "1"}}),
        ("deep.mov", {"codec": "prores_ks", "pix_fmt": "yuv422p10le", "audio": "pcm_s16le"}),
        ("a.avi", {"codec": "mpeg4", "audio": "libmp3lame", "options": {"bf": "0"}}),
        ("a.ts", {"audio": "ac3"}),
    ],
)
def test_every_frame_keeps_its_time_and_the_sound_stays(
    tmp_path: Path, name: str, options: dict[str, object]
) -> None:
    source = write_clip(tmp_path / name, [numbered(i) for i in range(10)], **options)  # type: ignore[arg-type]
    copy = annotate_video(source, NOBODY, tmp_path / "copy.mp4")
    assert rows(copy.path) == rows(source)
    assert (copy.frames, copy.hidden_frames) == (10, 0)
    kinds = streams(copy.path)
    assert kinds[0] == ("video", "h264")
    assert [kind for kind, _ in kinds] == ["video", *["audio"] * ("audio" in options)]
    if "audio" in options:
        assert kinds[1][1].removesuffix("float") in {"aac", "mp3", "opus"}
        _, samples = sound(copy.path)
        assert np.abs(samples[2000:-3000]).max() > 0.1
    with av.open(str(copy.path)) as container:
        assert container.streams.video[0].codec_context.pix_fmt == "yuv420p"
    data = copy.path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat"), "can be played while it is loaded"


def test_the_sound_is_the_very_same(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", [numbered(i) for i in range(25)], audio="aac")
    copy = annotate_video(source, NOBODY, tmp_path / "copy.mp4").path
    (began_s, before), (begins_s, after) = sound(source), sound(copy)
    assert begins_s == pytest.approx(began_s, abs=0.001)
    np.testing.assert_array_equal(after, before)


def test_sound_that_is_encoded_anew_stays_in_step(tmp_path: Path) -> None:
    source = tmp_path / "a.mov"
    with av.open(str(source), "w") as output:
        video = output.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 160, 120, "yuv420p"
        audio = output.add_stream("pcm_s16le", rate=48000)
        output.mux(tone(audio, 0.5, 1.0))  # silence, then a tone from 1.0 to 1.5 s
        for i in range(50):
            frame = av.VideoFrame.from_ndarray(numbered(i), "bgr24").reformat(format="yuv420p")
            output.mux(video.encode(frame))
        output.mux(video.encode())
    copy = annotate_video(source, NOBODY, tmp_path / "copy.mp4").path
    begin_s, samples = sound(copy)
    loud = np.flatnonzero(np.abs(samples) > 0.05) / 48_000 + begin_s
    assert loud[0] == pytest.approx(1.0, abs=0.03)
    assert loud[-1] == pytest.approx(1.5, abs=0.03)
    assert rows(copy)[-1] == (1.96, 49)


def test_sound_that_begins_before_the_picture_stays_in_step(tmp_path: Path) -> None:
    source = tmp_path / "a.mkv"
    with av.open(str(source), "w") as output:
        video = output.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 160, 120, "yuv420p"
        audio = output.add_stream("libopus", rate=48000)
        output.mux(tone(audio, 2.0))
        for i in range(25):
            frame = av.VideoFrame.from_ndarray(numbered(i), "bgr24").reformat(format="yuv420p")
            frame.pts, frame.time_base = i + 25, 1 / video.codec_context.framerate
            output.mux(video.encode(frame))
        output.mux(video.encode())
    info = probe_video(source)
    assert info.sound_lead_s == pytest.approx(1.0, abs=0.01)
    copy = annotate_video(source, NOBODY, tmp_path / "copy.mp4").path
    with av.open(str(copy)) as container:
        starts = [float(s.start_time * s.time_base) for s in container.streams]
    assert starts[0] - starts[1] == pytest.approx(1.0, abs=0.05)
    assert [number for _, number in rows(copy)] == list(range(25))


def test_a_window(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", [numbered(i) for i in range(75)], audio="aac")
    copy = annotate_video(source, NOBODY, tmp_path / "copy.mp4", from_s=1.0, to_s=2.0).path
    assert rows(copy) == [(round(i * 0.04, 3), 25 + i) for i in range(25)]
    begin_s, samples = sound(copy)
    assert begin_s == pytest.approx(0.0, abs=0.05)
    assert len(samples) / 48_000 == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("size", [(161, 121), (160, 121), (161, 120), (10, 8)])
def test_odd_and_small_sizes(tmp_path: Path, size: tuple[int, int]) -> None:
    green = np.full((size[1], size[0], 3), (40, 200, 60), np.uint8)
    source = write_clip(tmp_path / "a.mkv", [green] * 3, codec="ffv1", pix_fmt="bgr0")
    copy = annotate_video(source, NOBODY, tmp_path / "copy.mp4").path
    image = list(iter_frames(copy))[-1].image
    assert image.shape[0] == max(16, size[1] + size[1] % 2)
    assert image.shape[1] == max(16, size[0] + size[0] % 2)
    np.testing.assert_allclose(image.astype(int), np.full_like(image, (40, 200, 60)), atol=6)


def test_a_size_that_changes_is_fitted_into_the_first(tmp_path: Path) -> None:
    one = write_clip(tmp_path / "1.ts", [numbered(i) for i in range(10)], format="mpegts")
    large = [numbered(i, (320, 240)) for i in range(10, 20)]
    two = write_clip(tmp_path / "2.ts", large, format="mpegts")
    (tmp_path / "a.ts").write_bytes(one.read_bytes() + two.read_bytes())
    copy = annotate_video(tmp_path / "a.ts", NOBODY, tmp_path / "copy.mp4").path
    assert rows(copy) == [(round(i * 0.04, 3), i) for i in range(20)]
    assert {f.size_px for f in iter_frames(copy)} == {(160, 120)}


def test_boxes_and_labels_are_drawn_where_the_face_is(tmp_path: Path) -> None:
    gray = [np.full((240, 320, 3), 128, np.uint8)] * 11
    source = write_clip(tmp_path / "a.mp4", gray)
    faces = sampled(
        [(0, 0.0, [(40, 100, 100, 160)]), (10, 0.4, [(140, 100, 200, 160)])], (320, 240)
    )
    copy = annotate_video(source, faces, tmp_path / "copy.mp4").path
    for frame in iter_frames(copy):
        changed = np.abs(frame.image.astype(int) - 128).max(axis=2) > 40
        left = 40 + 10 * frame.index
        columns = np.flatnonzero(changed[115:150].mean(axis=0) > 0.9)
        assert abs(columns.min() - left) <= 3
        assert abs(columns.max() - (left + 60)) <= 3
        assert changed[60:97].any(), "a label above it"
    label = next(iter(iter_frames(copy))).image[86:98, 42:160].reshape(-1, 3).astype(int)
    ground = np.abs(label - Emotion.HAPPY.bgr).max(axis=1) < 12
    assert ground.mean() > 0.3


def test_the_picture_without_marks_is_the_original(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", [numbered(i) for i in range(5)])
    faces = sampled([(0, 0.0, [(40, 40, 100, 100)])])
    copy = annotate_video(source, faces, tmp_path / "copy.mp4", marks=False).path
    for before, after in zip(iter_frames(source), iter_frames(copy), strict=True):
        difference = np.abs(after.image.astype(int) - before.image)
        assert difference.mean() < 1.5
        assert (difference > 20).mean() < 0.01, "at edges of colours alone"


# ---- blurring ----

SIZE = (320, 240)


class Walk:
    """A "face" of fine checks that comes, walks in a bow, and leaves; frames 13 to 43 of 60."""

    texture = np.kron(np.indices((12, 12)).sum(axis=0) % 2, np.ones((4, 4))) * 200 + 28

    def box(self, frame: int) -> tuple[int, int, int, int] | None:
        if not 13 <= frame <= 43:
            return None
        left = 30 + 6 * (frame - 13)
        top = 90 + round(40 * np.sin((frame - 13) / 5))
        return left, top, left + 48, top + 48

    def image(self, frame: int) -> np.ndarray:
        image = np.full((SIZE[1], SIZE[0], 3), 120, np.uint8)
        if box := self.box(frame):
            x0, y0, x1, y1 = box
            image[y0:y1, x0:x1] = self.texture[:, :, None].astype(np.uint8)
        return image

    def samples(self, every: int, frames: range = range(60)) -> SampledFaces:
        return sampled(
            [
                (i, round(i * 0.04, 3), [box] if (box := self.box(i)) else [])
                for i in frames
                if i % every == 0
            ],
            SIZE,
        )


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("walk") / "walk.mp4"
    return write_clip(path, [Walk().image(i) for i in range(60)], options={"crf": "10"})


def raw_faces(copy: Path) -> Iterator[tuple[int, float]]:
    """(frame, share of the fine checks that is left) of every frame that shows the face."""
    for frame in iter_frames(copy):
        box = Walk().box(frame.index)
        if box is None:
            continue
        x0, y0, x1, y1 = box
        shown = frame.image[y0:y1, x0:x1].mean(axis=2)
        pattern = Walk.texture - Walk.texture.mean()
        yield frame.index, float((shown * pattern).sum() / (pattern**2).sum())


def test_the_face_is_seen_where_nothing_is_blurred(walk: Path, tmp_path: Path) -> None:
    copy = annotate_video(walk, Walk().samples(5), tmp_path / "copy.mp4", marks=False).path
    shares = dict(raw_faces(copy))
    assert list(shares) == list(range(13, 44))
    assert min(shares.values()) > 0.7


@pytest.mark.parametrize("every", [1, 5, 10])
def test_no_raw_face_gets_through(walk: Path, tmp_path: Path, every: int) -> None:
    # Found first in frame 15 or 20, though it is there from 13 on; last in 40, though to 43.
    copy = annotate_video(walk, Walk().samples(every), tmp_path / "copy.mp4", blur=True)
    assert copy.hidden_frames == 0
    assert max(share for _, share in raw_faces(copy.path)) < 0.15
    # What is not near the face stays as it is.
    last = list(iter_frames(copy.path))[-1].image
    np.testing.assert_allclose(last[:, :60].astype(int), 120, atol=6)


def test_a_detector_that_misses_some_samples_lets_none_through(walk: Path, tmp_path: Path) -> None:
    faces = sampled(
        [
            (i, round(i * 0.04, 3), [box] if (box := Walk().box(i)) and i not in (20, 25) else [])
            for i in range(0, 60, 5)
        ],
        SIZE,
    )
    copy = annotate_video(walk, faces, tmp_path / "copy.mp4", blur=True)
    assert max(share for _, share in raw_faces(copy.path)) < 0.15


@pytest.mark.parametrize(
    "faces",
    [Walk().samples(20), Walk().samples(5, range(30, 60)), Walk().samples(5, range(20)), NOBODY],
    ids=["rare samples", "a later window", "an earlier window", "one sample"],
)
def test_frames_of_which_nothing_is_known_are_hidden(
    walk: Path, tmp_path: Path, faces: SampledFaces
) -> None:
    copy = annotate_video(walk, faces, tmp_path / "copy.mp4", blur=True, marks=False)
    assert copy.hidden_frames > 0
    assert HIDDEN_NOTE in copy.notes
    assert max(share for _, share in raw_faces(copy.path)) < 0.15


@pytest.mark.parametrize("missed", [(), (13, 14, 15, 16, 26, 27, 28, 41, 42, 43)])
def test_a_look_into_every_frame_instead_of_hiding_all(
    walk: Path, tmp_path: Path, missed: tuple[int, ...]
) -> None:
    def find(frame: Frame) -> np.ndarray:
        box = None if frame.index in missed else Walk().box(frame.index)
        return np.array([box] if box else [], np.float32).reshape(-1, 4)

    copy = annotate_video(walk, NOBODY, tmp_path / "copy.mp4", blur=True, find=find)
    assert copy.hidden_frames == 0
    assert max(share for _, share in raw_faces(copy.path)) < 0.15


# ---- what goes wrong ----


def test_the_video_itself_is_never_overwritten(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", [numbered(0)])
    (tmp_path / "link.mp4").symlink_to(source)
    data = source.read_bytes()
    for output in (source, tmp_path / "link.mp4"):
        with pytest.raises(VideoError, match="another file than the video itself"):
            annotate_video(source, NOBODY, output)
    assert source.read_bytes() == data


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", [numbered(0)])
    with pytest.raises(OutputError, match="there is no folder"):
        annotate_video(source, NOBODY, tmp_path / "nowhere" / "copy.mp4")


def test_a_window_after_the_end(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", [numbered(0)])
    with pytest.raises(VideoError, match="The video ends before"):
        annotate_video(source, NOBODY, tmp_path / "copy.mp4", from_s=60)
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]


def test_work_that_is_stopped_leaves_what_was_there(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", [numbered(i) for i in range(30)])
    (tmp_path / "copy.mp4").write_bytes(b"before")

    def stop(time_s: float) -> None:
        if time_s > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        annotate_video(source, NOBODY, tmp_path / "copy.mp4", tell=stop)
    assert (tmp_path / "copy.mp4").read_bytes() == b"before"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mp4", "copy.mp4"]


@pytest.mark.parametrize("room_kb", [200, -4, -30])
def test_a_full_disk(
    tmp_path: Path,
    real_disk: SmallDisk,  # noqa: F811
    room_kb: int,
) -> None:
    """Full in the middle, or with the very last bytes (room less than the copy takes)."""
    noise = np.random.default_rng(0).integers(0, 256, (6, 240, 320, 3), np.uint8)
    source = write_clip(tmp_path / "a.mp4", noise)
    if room_kb < 0:
        whole = annotate_video(source, NOBODY, tmp_path / "whole.mp4").path.stat().st_size
        room_kb += whole // 1024
    (real_disk.path / "other").write_bytes(bytes((2048 - room_kb) * 1024))
    with pytest.raises(DiskFullError, match="The disk is full"):
        annotate_video(source, NOBODY, real_disk.path / "copy.mp4")
    assert [p.name for p in real_disk.path.iterdir()] == ["other"]


def test_damaged_sound_costs_no_picture(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mkv", [numbered(i) for i in range(50)], audio="flac")
    data = bytearray(source.read_bytes())
    rng = np.random.default_rng(1)
    with av.open(str(source)) as container:
        places = [(p.pos, p.size) for p in container.demux(audio=0) if p.size]
    for position, size in places[5:]:
        data[position + 20 : position + size] = rng.bytes(size - 20)
    source.write_bytes(bytes(data))
    copy = annotate_video(source, NOBODY, tmp_path / "copy.mp4").path
    assert [number for _, number in rows(copy)] == list(range(50))
