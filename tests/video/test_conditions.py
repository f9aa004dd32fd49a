"""Conditions of files that broke other tools; beside each is where."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from emotion_core.errors import VideoError
from emotion_core.video.probing import probe_video
from emotion_core.video.reading import VideoReader, iter_frames
from emotion_core.video.sampling import Sampling
from emotion_core.video.seeking import frame_at
from emotion_core.video.timing import JUMP_NOTE
from tests.video.clips import number_in, numbered, tone, write_clip
from tests.video.special_clips import (
    MIRRORED,
    TURNS,
    UPSIDE_DOWN,
    copied_from,
    hdr_clip,
    turn_by_header,
    with_cover,
)

Row = tuple[int, float, int]


def rows(path: Path) -> tuple[list[Row], tuple[str, ...]]:
    """(index, time, the number in the picture) of every frame, and the notes."""
    with VideoReader(path) as reader:
        found = [(f.index, round(f.timestamp_s, 3), number_in(f.image)) for f in reader]
    return found, reader.notes


def steady(n: int, *, first: int = 0) -> list[Row]:
    return [(i, round(i * 0.04, 3), first + i) for i in range(n)]


def images(n: int, first: int = 0, size: tuple[int, int] = (160, 120)) -> list[np.ndarray]:
    return [numbered(first + i, size) for i in range(n)]


@pytest.mark.parametrize("ending", ["mp4", "mkv"])
def test_variable_frame_rate(tmp_path: Path, ending: str) -> None:
    # OpenFace#304: a clip made by the filter "select" lost its times.
    times = [0, 40, 200, 240, 1000, 1010, 1500]
    path = write_clip(tmp_path / f"a.{ending}", images(7), times_ms=times)
    found, notes = rows(path)
    assert found == [(i, time / 1000, i) for i, time in enumerate(times)]
    assert JUMP_NOTE not in notes
    assert number_in(frame_at(path, 0.9).image) == 3
    sampled = [f.index for f in iter_frames(path, Sampling(every_s=0.5))]
    assert sampled == [0, 4, 6]


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_turned_by_the_header(tmp_path: Path, degrees: int) -> None:
    # PyAV #570 #1047: rotate=90 in the metadata was ignored.
    upright = numbered(5, (160, 120))
    stored = np.rot90(upright, degrees // 90)  # counter-clockwise; players turn it back
    clip = write_clip(tmp_path / "a.mp4", [np.ascontiguousarray(stored)] * 3)
    path = turn_by_header(clip, TURNS[degrees])
    info = probe_video(path)
    assert (info.width, info.height, info.rotation_deg) == (160, 120, degrees)
    for frame in (*iter_frames(path), frame_at(path, 0.04)):
        assert frame.size_px == (160, 120)
        assert number_in(frame.image) == 5


@pytest.mark.parametrize(("matrix", "axis"), [(MIRRORED, 1), (UPSIDE_DOWN, 0)])
def test_mirrored_by_the_header(
    tmp_path: Path, matrix: tuple[int, int, int, int], axis: int
) -> None:
    stored = np.ascontiguousarray(np.flip(numbered(5), axis))
    path = turn_by_header(write_clip(tmp_path / "a.mp4", [stored] * 2), matrix)
    assert [number_in(frame.image) for frame in iter_frames(path)] == [5, 5]


def test_cut_without_encoding(tmp_path: Path) -> None:
    # cvat#6929: the header counts 75 frames, the edit list leaves 67.
    source = write_clip(tmp_path / "whole.mp4", images(100), options={"g": "25", "bf": "2"})
    path = copied_from(source, tmp_path / "cut.mp4", key=25, first=33)
    with av.open(str(path)) as container:
        assert container.streams.video[0].frames == 75
    assert rows(path) == (steady(67, first=33), ())
    assert probe_video(path).duration_s == pytest.approx(67 * 0.04)
    assert [number_in(frame_at(path, t).image) for t in (0.0, 1.0, 9.0)] == [33, 58, 99]


def test_live_webm_without_a_length(tmp_path: Path) -> None:
    # opencv#22571: `-f webm -live 1` has no duration.
    path = write_clip(
        tmp_path / "a.webm", images(50), codec="libvpx", audio="libopus",
        container_options={"live": "1"},
    )  # fmt: skip
    with av.open(str(path)) as container:
        assert container.duration is None
    assert rows(path) == (steady(50), ())
    assert probe_video(path).duration_s == pytest.approx(2.0, abs=0.01)
    assert number_in(frame_at(path, 1.0).image) == 25


def test_a_header_that_claims_1000_frames_a_second(tmp_path: Path) -> None:
    # opencv#15841
    path = write_clip(
        tmp_path / "a.mkv", images(50), fps=1000, times_ms=[40 * i for i in range(50)]
    )
    found, notes = rows(path)
    assert found == steady(50)
    info = probe_video(path)
    assert info.average_fps == pytest.approx(25.0)
    assert info.duration_s == pytest.approx(2.0, abs=0.05)
    assert notes == (
        "Its header says 1,000 frames a second, its time stamps 25; the time stamps are used.",
    )


def joined(tmp_path: Path, second_size: tuple[int, int] = (160, 120)) -> Path:
    one = write_clip(tmp_path / "1.ts", images(50), audio="aac", format="mpegts")
    two = write_clip(
        tmp_path / "2.ts", images(25, first=100, size=second_size), audio="aac", format="mpegts"
    )
    path = tmp_path / "joined.ts"
    path.write_bytes(one.read_bytes() + two.read_bytes())
    return path


def test_two_recordings_joined(tmp_path: Path) -> None:
    # open-rppg#1: the clock goes back in the middle.
    path = joined(tmp_path)
    expected = [(i, round(i * 0.04, 3), i if i < 50 else 50 + i) for i in range(75)]
    assert rows(path) == (expected, (JUMP_NOTE,))
    assert probe_video(path).duration_s == pytest.approx(3.0)
    assert number_in(frame_at(path, 2.4).image) == 110


def test_size_changes_in_the_middle(tmp_path: Path) -> None:
    # FFMediaToolkit#105
    path = joined(tmp_path, second_size=(320, 240))
    frames = list(iter_frames(path))
    assert [f.size_px for f in frames] == [(160, 120)] * 50 + [(320, 240)] * 25
    assert [number_in(f.image) for f in frames[50:]] == list(range(100, 125))


@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts", "webm"])
def test_a_clock_that_starts_at_5_s(tmp_path: Path, ending: str) -> None:
    # label-studio#4714
    path = write_clip(
        tmp_path / f"a.{ending}", images(20), start_ms=5000,
        codec="libvpx" if ending == "webm" else "libx264",
        audio="libopus" if ending == "webm" else "aac",
    )  # fmt: skip
    assert rows(path) == (steady(20), ())
    info = probe_video(path)
    assert info.start_s == pytest.approx(5.0)
    assert info.player_offset_s == pytest.approx(5.0)  # Chromium's currentTime of the first frame
    assert info.duration_s == pytest.approx(0.8, abs=0.01)
    assert number_in(frame_at(path, 0.4).image) == 10


@pytest.mark.parametrize("curve", ["hlg", "pq"])
def test_hdr_is_not_washed_out(tmp_path: Path, curve: str) -> None:
    # facefusion#401: HLG in 10-bit HEVC of phones. Without tone mapping this skin is (172, 152,
    # 128) and (135, 126, 115).
    skin = (224, 172, 140)
    path = hdr_clip(tmp_path / "a.mkv", skin, curve)
    info = probe_video(path)
    assert info.codec == "hevc"
    frames = list(iter_frames(path))
    assert len(frames) == 2
    assert frames[0].image.dtype == np.uint8
    np.testing.assert_allclose(frames[0].image[32, 32, ::-1], skin, atol=6)


def test_10_bits_without_hdr(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", images(5), pix_fmt="yuv420p10le")
    assert rows(path)[0] == steady(5)
    colour = next(iter(iter_frames(path))).image[60, 6]
    np.testing.assert_allclose(colour, (0, 0, 255), atol=12)


@pytest.mark.parametrize("size", [(160, 120), (1280, 720)])
@pytest.mark.parametrize("matrix", ["bt709", "smpte170m", ""])
def test_colours_are_those_that_the_file_names(
    tmp_path: Path, size: tuple[int, int], matrix: str
) -> None:
    green = np.full((size[1], size[0], 3), (40, 200, 60), np.uint8)
    # Where the file names none, players take a large picture for HD.
    space = "ITU709" if matrix == "bt709" or (not matrix and size[1] >= 720) else "ITU601"
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as output:
        options = {"x264-params": f"colormatrix={matrix}"} if matrix else {}
        stream = output.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        frame = av.VideoFrame.from_ndarray(green, "bgr24")
        output.mux(stream.encode(frame.reformat(format="yuv420p", dst_colorspace=space)))
        output.mux(stream.encode())
    image = next(iter(iter_frames(path))).image
    np.testing.assert_allclose(image[60, 80], (40, 200, 60), atol=5)


def test_interlaced_pictures_have_no_combs(tmp_path: Path) -> None:
    def half_moved(k: int) -> np.ndarray:
        image = np.full((120, 160, 3), 30, np.uint8)
        image[0::2, 40 + 4 * k : 70 + 4 * k] = 230
        image[1::2, 48 + 4 * k : 78 + 4 * k] = 230  # the lower field is of a later moment
        return image

    options = {"x264-params": "interlaced=1:tff=1", "crf": "5"}
    path = write_clip(tmp_path / "a.mp4", [half_moved(k) for k in range(6)], options=options)
    frames = list(iter_frames(path))
    assert len(frames) == 6
    for frame in frames:
        gray = frame.image[:, :, 0].astype(int)
        assert np.abs(np.diff(gray, axis=0)).max() < 30
        left = 40 + 4 * frame.index
        assert gray[60, left + 2 : left + 28].min() > 200
        assert gray[60, : left - 2].max() < 60


def test_pixels_that_are_not_square(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", images(3), tags={"sample_aspect_ratio": Fraction(16, 11)})
    assert rows(path)[0] == steady(3)
    info = probe_video(path)
    assert (info.width, info.height) == (233, 120)
    assert next(iter(iter_frames(path))).size_px == (233, 120)


@pytest.mark.parametrize(("audio", "first"), [(None, False), ("aac", False), ("aac", True)])
def test_sound_before_the_picture_after_it_or_none(
    tmp_path: Path, audio: str | None, first: bool
) -> None:
    path = write_clip(tmp_path / "a.mp4", images(10), audio=audio, audio_first=first)
    assert rows(path) == (steady(10), ())
    assert probe_video(path).has_audio == (audio is not None)


def test_a_cover_is_not_the_video(tmp_path: Path) -> None:
    # DashcamCleaner #17 #80
    path = with_cover(tmp_path / "a.mp4", "aac", frames=10)
    assert rows(path) == (steady(10), ())
    info = probe_video(path)
    assert (info.width, info.height, info.codec) == (160, 120, "h264")


@pytest.mark.parametrize(("name", "audio"), [("a.mp3", "libmp3lame"), ("b.mp4", "aac")])
def test_sound_with_a_cover_is_no_video(tmp_path: Path, name: str, audio: str) -> None:
    path = with_cover(tmp_path / name, audio, frames=0)
    with pytest.raises(VideoError, match="holds sound only, and its cover is not one"):
        probe_video(path)


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mp4"), "w") as output:
        output.mux(tone(output.add_stream("aac", rate=48000), 0.5))
    with pytest.raises(VideoError, match="holds sound only"):
        probe_video(tmp_path / "a.mp4")


def test_an_odd_size(tmp_path: Path) -> None:
    # cvat#1411
    path = write_clip(tmp_path / "a.webm", images(4, size=(161, 121)), codec="libvpx-vp9")
    assert rows(path)[0] == steady(4)
    assert next(iter(iter_frames(path))).size_px == (161, 121)


def test_seeking_among_b_frames_and_sparse_key_frames(tmp_path: Path) -> None:
    # sleap #366 #932: another frame came than was asked for.
    path = write_clip(
        tmp_path / "a.mp4", images(300), options={"g": "250", "bf": "3", "b-adapt": "0"}
    )
    for number in (0, 1, 2, 123, 249, 250, 251, 298, 299):
        frame = frame_at(path, number * 0.04)
        assert number_in(frame.image) == number
        assert frame.timestamp_s == pytest.approx(number * 0.04)
    assert number_in(frame_at(path, 4.95).image) == 123  # is shown until 4.96
    assert number_in(frame_at(path, -1.0).image) == 0
    assert number_in(frame_at(path, 99.0).image) == 299


@pytest.mark.parametrize(
    ("ending", "codec", "options"),
    [
        ("mkv", "libx264", {"g": "40", "x264-params": "open-gop=1:bframes=3:b-adapt=0"}),
        ("ts", "libx264", {"g": "40", "bf": "3"}),
        ("avi", "libx264", {"g": "40", "bf": "3"}),
        ("webm", "libvpx-vp9", {"g": "60", "deadline": "realtime", "cpu-used": "8"}),
        ("mpg", "mpeg2video", {"g": "15", "bf": "2"}),
        ("flv", "libx264", {"g": "40"}),
    ],
)
def test_seeking_gives_what_reading_gives(
    tmp_path: Path, ending: str, codec: str, options: dict[str, str]
) -> None:
    path = write_clip(tmp_path / f"a.{ending}", images(120), codec=codec, options=options)
    frames = list(iter_frames(path))
    assert [number_in(frame.image) for frame in frames] == list(range(120))
    assert [round(frame.timestamp_s, 2) for frame in frames] == [
        round(i * 0.04, 2) for i in range(120)
    ]
    for number in (0, 39, 40, 41, 79, 80, 119):
        found = frame_at(path, frames[number].timestamp_s)
        assert found.timestamp_s == pytest.approx(frames[number].timestamp_s, abs=0.001)
        np.testing.assert_array_equal(found.image, frames[number].image)


def test_a_damaged_middle_costs_only_the_middle(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mkv", images(100), options={"g": "10", "bf": "0"})
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 400] = bytes(400)
    path.write_bytes(bytes(data))
    found, _ = rows(path)
    assert len(found) > 60
    assert found[-1][1] == pytest.approx(3.96)
    assert all(number == round(time / 0.04) for _, time, number in found[-20:])
    assert [index for index, _, _ in found] == list(range(len(found)))


def test_words_in_another_encoding_are_no_hindrance(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mkv", images(3), title="Vortrag ABCD")
    data = path.read_bytes()
    assert b"Vortrag ABCD" in data
    path.write_bytes(data.replace(b"Vortrag ABCD", b"Vortr\xe4g \xff\xfe\xfd\xfc"))
    assert len(rows(path)[0]) == 3
