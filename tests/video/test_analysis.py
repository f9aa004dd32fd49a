"""From a clip to its table: numbers over cuts and absences, whole tables, bad output, no growth."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data

from emotion_core import Sampling, analyze_video
from emotion_core.emotions import FER2013
from emotion_core.errors import Cancelled, DiskFullError, ModelError, OutputError, VideoError
from emotion_core.faces.framing import HAAR_FRAMING
from emotion_core.files.named_locks import named_lock
from emotion_core.stream import StreamOptions, StreamPipeline
from emotion_core.types import EmotionScores, FaceDetections, UInt8Array
from emotion_core.video.cuts import CutDetector
from emotion_core.video.frame_table import FrameRows, read_frame_table
from emotion_core.video.options import AnalysisOptions
from emotion_core.video.results import VideoProgress
from emotion_core.video.view import build_view
from tests.video.clips import write_clip
from tests.video.face_clips import CUT, GONE, pasted, serious, smiling

SIZE = (160, 120)


class Marks:
    """Finds bright squares of one size: detection whose truth is drawn by the test."""

    name, note, framing = "marks", "", HAAR_FRAMING

    def detect(self, image: UInt8Array) -> FaceDetections:
        boxes = [
            (x, y, x + 20, y + 20)
            for y in range(0, image.shape[0] - 19, 20)
            for x in range(0, image.shape[1] - 19, 2)
            if image[y : y + 20, x : x + 20].min() > 150
            and (x < 2 or image[y : y + 20, x - 2].max() < 150)
        ]
        n = len(boxes)
        found = np.array(boxes, np.float32).reshape(n, 4)
        return FaceDetections(found, np.full(n, 0.9, np.float32), np.zeros((n, 0, 2), np.float32))


class Happy:
    """Says that everybody looks happy."""

    def predict(self, images: UInt8Array) -> EmotionScores:
        scores = np.full((len(images), 7), 0.05, np.float32)
        scores[:, FER2013.index("happy")] = 0.7
        return EmotionScores(scores, FER2013, 0.4)


def marks(*places: tuple[int, int], ground: int = 40) -> np.ndarray:
    image = np.full((SIZE[1], SIZE[0], 3), ground, np.uint8)
    for x, y in places:
        image[y : y + 20, x : x + 20] = 230
    return image


def pipeline() -> StreamPipeline:
    return StreamPipeline(Marks(), Happy(), StreamOptions(detect_every=1))


@pytest.fixture
def clip(tmp_path: Path) -> Callable[..., Path]:
    """Writes a clip of some pictures at 5 frames a second, without loss worth speaking of."""

    def write(images: list[np.ndarray]) -> Path:
        return write_clip(tmp_path / "clip.mp4", images, fps=5, options={"crf": "4"})

    return write


EVERY = AnalysisOptions(every_s=None)


def test_real_faces_keep_their_numbers_and_get_new_ones_after_a_cut(faces_mp4: Path) -> None:
    result = analyze_video(faces_mp4, sampling=Sampling(every_s=0.2), model="compact")
    frames = result.frames
    assert result.output is None
    assert result.info.codec == "h264"
    assert frames["time_s"].unique() == pytest.approx(np.arange(20) / 5)
    gone = frames["frame"].between(GONE[0], GONE[1] - 1)
    assert frames.loc[gone, "track"].isna().all()
    assert set(frames.loc[~gone & (frames["frame"] < CUT), "track"]) == {1}
    # Somebody else at the very place: told apart by the cut alone.
    assert set(frames.loc[frames["frame"] >= CUT, "track"]) == {2}
    assert set(frames.loc[frames["frame"] >= CUT, "shot"]) == {2}
    assert set(frames.loc[frames["track"] == 1, "expression"]) == {"happy"}
    truth = 20 + frames.loc[~gone & (frames["frame"] < CUT), "frame"]
    centres = (frames["x0"] + frames["x1"])[truth.index] / 2
    assert (centres - truth - 75).abs().max() < 25
    assert result.summary["shots"] == 2
    assert result.summary["people"] == 2


def test_who_crosses_and_who_comes_back(clip: Callable[..., Path]) -> None:
    crossing = [marks((20 + 6 * i, 20), (120 - 6 * i, 60)) for i in range(15)]
    away = [marks((104, 20)) for _ in range(5)]  # one is gone for a second
    back = [marks((104, 20), (36, 60)) for _ in range(3)]
    frames = analyze_video(clip(crossing + away + back), options=EVERY, pipeline=pipeline()).frames
    upper, lower = frames[frames["y0"] < 40], frames[frames["y0"] > 40]
    assert set(upper["track"]) == {1}
    assert set(lower["track"]) == {2}
    assert len(lower) == 18


def test_after_too_long_an_absence_a_number_is_new(clip: Callable[..., Path]) -> None:
    images = [marks((60, 40))] * 3 + [marks()] * 12 + [marks((60, 40))] * 3
    frames = analyze_video(clip(images), options=EVERY, pipeline=pipeline()).frames
    assert frames["track"].dropna().unique().tolist() == [1, 2]


@pytest.mark.parametrize("every", [{"every_s": 3.0}, {"every_n": 15}])
def test_rare_samples_do_not_make_somebody_new_of_everybody(
    clip: Callable[..., Path], every: dict[str, float]
) -> None:
    images = [marks((60 + 2 * (i % 4), 40)) for i in range(60)]
    options = AnalysisOptions.from_dict(every)
    frames = analyze_video(clip(images), options=options, pipeline=pipeline()).frames
    assert frames["time_s"].tolist() == [0.0, 3.0, 6.0, 9.0]
    assert frames["track"].tolist() == [1] * 4


def test_nobody_at_all(clip: Callable[..., Path]) -> None:
    result = analyze_video(clip([marks()] * 6), options=EVERY, pipeline=pipeline())
    assert len(result.frames) == 6
    assert result.frames["track"].isna().all()
    assert (result.summary["people"], result.summary["faces"]) == (0, 0)
    assert result.summary["seconds_without_face"] == pytest.approx(1.2)


def test_one_face_in_4500_frames_costs_what_4500_rows_cost(
    make_result: Callable[..., object],
) -> None:
    """Rows are counted, not pairs of rows: twice the frames, twice the memory."""

    def peak(n: int) -> int:
        rows, empty, one = FrameRows(), make_result(), make_result(("happy", 0.9))
        tracemalloc.start()
        for i in range(n):
            rows.add(one if i == n // 2 else empty)  # type: ignore[arg-type]
        table = rows.take()
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(table) == n
        return found

    assert peak(4500) < 3 * peak(2250)


def test_a_chunk_is_all_that_waits_in_memory(
    clip: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What is held and what is written per frame stays the same from begin to end."""
    monkeypatch.setattr("emotion_core.video.analysis.CHUNK_FRAMES", 5)
    seen: list[int] = []

    def look(now: VideoProgress) -> None:
        seen.append(len(list((tmp_path / "out" / "parts").glob("part-*.parquet"))))

    images = [marks((60, 40))] * 23
    analyze_video(
        clip(images), output=tmp_path / "out", options=EVERY, pipeline=pipeline(), progress=look
    )
    assert seen == [i // 5 for i in range(23)]


def test_decided_anew_with_the_same_options_nothing_changes(faces_mp4: Path) -> None:
    result = analyze_video(faces_mp4, sampling=Sampling(every_s=0.2), model="compact")
    options = result.table.metadata["options"]
    again = build_view(
        result.table, threshold=options["threshold"], half_life_s=options["half_life_s"]
    )
    for column in ("expression", "uncertain", "confidence", "smoothed_happy"):
        left, right = again.frames[column], result.frames[column]
        assert left.dropna().tolist() == right.dropna().tolist(), column


def test_metadata_say_where_it_comes_from(faces_mp4: Path, tmp_path: Path) -> None:
    result = analyze_video(
        faces_mp4, output=tmp_path, sampling=Sampling(every_n=50), model="compact", name="My film"
    )
    found = read_frame_table(tmp_path / "frames.parquet").metadata
    assert found["source"]["name"] == "My film"
    assert found["source"]["size_bytes"] == faces_mp4.stat().st_size
    assert found["source"]["codec"] == "h264"
    assert found["options"]["every_n"] == 50
    assert 0 < found["options"]["threshold"] < 1
    assert found["detector"]["name"]
    assert {"emotion-lens", "av"} <= set(found["versions"])
    assert found == result.table.metadata


def test_other_work_in_the_folder_is_not_taken_for_this_one(
    clip: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emotion_core.video.analysis.CHUNK_FRAMES", 2)
    first = clip([marks((60, 40))] * 9)
    out = tmp_path / "out"
    with pytest.raises(Cancelled):
        analyze_video(
            first, output=out, options=EVERY, pipeline=pipeline(),
            cancelled=lambda: len(list((out / "parts").glob("part-*.parquet"))) == 2,
        )  # fmt: skip
    damaged = out / "parts" / "part-000001.parquet"
    damaged.write_bytes(damaged.read_bytes()[:100])
    (out / "parts" / "part-000007.parquet").write_bytes(b"left over")
    seen: list[int] = []
    analyze_video(
        first, output=out, options=EVERY, pipeline=pipeline(), resume=True,
        progress=lambda now: seen.append(now.done),
    )  # fmt: skip
    assert seen == list(range(3, 10))  # one chunk was whole
    # Another video under the same name is another analysis, also when resumed.
    clip([marks((20, 40))] * 4)
    again = analyze_video(first, output=out, options=EVERY, pipeline=pipeline(), resume=True)
    assert len(again.frames) == 4


def test_one_process_at_a_time_writes_into_a_folder(
    clip: Callable[..., Path], tmp_path: Path
) -> None:
    with named_lock(tmp_path / ".lock"), pytest.raises(VideoError, match="another process"):
        analyze_video(clip([marks()]), output=tmp_path, options=EVERY, pipeline=pipeline())


def test_bad_input_is_one_sentence(faces_mp4: Path, tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="none"):
        analyze_video(tmp_path / "none.mp4")
    with pytest.raises(ModelError, match="nobody"):
        analyze_video(faces_mp4, model="nobody")
    with pytest.raises(VideoError, match="labels"):
        analyze_video(faces_mp4, labels="mine")
    with pytest.raises(VideoError, match="threshold"):
        analyze_video(faces_mp4, threshold=3)
    with pytest.raises(ValueError, match="beside"):
        analyze_video(faces_mp4, model="compact", options=EVERY)
    with pytest.raises(VideoError, match="either seconds or a number"):
        AnalysisOptions.from_dict({"every_s": 0.2, "every_n": 3})
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="a file stands in its way"):
        analyze_video(faces_mp4, output=tmp_path / "file", model="compact")


def test_a_full_disk_keeps_what_is_finished(
    clip: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emotion_core.video.analysis.CHUNK_FRAMES", 2)
    video, out = clip([marks((60, 40))] * 9), tmp_path / "out"
    real = __import__("emotion_core.video.parts", fromlist=["pq"]).pq.write_table

    def full(table: object, file: object) -> None:
        if len(list((out / "parts").glob("part-*.parquet"))) == 2:
            raise OSError(28, "No space left on device")
        real(table, file)

    with monkeypatch.context() as patch:
        patch.setattr("emotion_core.video.parts.pq.write_table", full)
        with pytest.raises(DiskFullError, match="is kept; resume to go on"):
            analyze_video(video, output=out, options=EVERY, pipeline=pipeline())
    assert not (out / "frames.parquet").exists()
    assert len(list((out / "parts").glob("part-*.parquet"))) == 2
    done = analyze_video(video, output=out, options=EVERY, pipeline=pipeline(), resume=True)
    assert len(done.frames) == 9


def test_cuts_and_what_is_none() -> None:
    random = np.random.default_rng(0)
    room, street = (
        cv2.resize(np.ascontiguousarray(photo[..., ::-1]), SIZE, interpolation=cv2.INTER_AREA)
        for photo in (data.coffee(), data.chelsea())
    )
    face = smiling(60)

    def cuts(images: list[np.ndarray]) -> list[int]:
        detector = CutDetector()
        return [i for i, image in enumerate(images) if detector.is_cut(image)]

    noisy = [
        np.clip(room + random.normal(0, 12, room.shape), 0, 255).astype(np.uint8) for _ in range(8)
    ]
    moving = [pasted(room, face, 5 * i, 20) for i in range(12)]
    panned = [np.roll(room, 4 * i, axis=1) for i in range(12)]
    faded = [(room * (1 - i / 20)).astype(np.uint8) for i in range(16)]
    for scene in (noisy, moving, panned, faded, [room] * 5):
        assert cuts(scene) == []
    assert cuts([room] * 4 + [street] * 4 + [room] * 4) == [4, 8]
    assert cuts(moving + [pasted(street, serious(60), 60, 20)] * 3) == [12]
    assert cuts([*panned, *([street] * 3)]) == [12]
    # A frame of another size is no cut by that.
    assert cuts([room, room.repeat(2, 0).repeat(2, 1), room]) == []


def test_whoever_moves_near_the_camera_makes_no_cut_and_somebody_else_does() -> None:
    side = 110

    def before_a_wall(face: np.ndarray, x: int) -> np.ndarray:
        picture, mask = np.full((*SIZE[::-1], 3), (200, 120, 40), np.uint8), np.zeros((side, side))
        cv2.ellipse(mask, (side // 2, side // 2), (44, 54), 0, 0, 360, 1, -1)
        picture[5 : 5 + side, x : x + side][mask > 0] = face[mask > 0]
        return picture

    one, other = smiling(side), serious(side)
    for step in (15, 25, 40):
        detector = CutDetector()
        images = [before_a_wall(one, 5)] * 4 + [before_a_wall(one, 5 + step)] * 3
        assert not any(detector.is_cut(image) for image in images)
    detector = CutDetector()
    images = [before_a_wall(one, 20)] * 4 + [before_a_wall(other, 20)] * 3
    assert [detector.is_cut(image) for image in images] == [False] * 4 + [True] + [False] * 2


def test_a_cut_amid_much_movement() -> None:
    coffee, cat = (
        cv2.resize(np.ascontiguousarray(photo[..., ::-1]), SIZE, interpolation=cv2.INTER_AREA)
        for photo in (data.coffee(), data.chelsea())
    )
    # Everything moves by a third of the picture from frame to frame, so that a cut changes no more.
    moving = [np.roll(coffee, 53 * i, axis=1) for i in range(8)]
    after = [np.roll(cat, 53 * i, axis=1) for i in range(4)]
    detector = CutDetector()
    assert [i for i, image in enumerate(moving + after) if detector.is_cut(image)] == [8]


def test_the_state_of_cuts_goes_through_json() -> None:
    import json

    one, other = CutDetector(), CutDetector()
    images = [marks((10 * i, 40)) for i in range(6)] + [marks(ground=200)]
    for image in images[:4]:
        one.is_cut(image)
    other.restore(json.loads(json.dumps(one.state())))
    assert [one.is_cut(i) for i in images[4:]] == [other.is_cut(i) for i in images[4:]]
    assert other.state() == one.state()
