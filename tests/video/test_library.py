"""Videos are taken in, analysed by jobs, copied and removed; what is no video is not taken in."""

import json
from pathlib import Path

import pytest

from emotion_core.errors import Cancelled, DiskFullError, VideoError
from emotion_core.files.atomic_files import file_sha256
from emotion_core.jobs import JobBoard, JobContext, JobState
from emotion_core.jobs.job import Progress
from emotion_core.video.frame_table import read_frame_table
from emotion_core.video.job_kinds import run_analysis, run_copy
from emotion_core.video.library import VideoEntry, VideoLibrary, VideoState
from emotion_core.video.options import AnalysisOptions
from emotion_core.video.probing import probe_video

OPTIONS = AnalysisOptions(every_s=0.5, model="compact")


def analysed(library: VideoLibrary, video: str, tmp_path: Path) -> dict[str, object]:
    """Does a video's job in this process."""
    library.analyse(video, OPTIONS.to_dict())
    (job,) = library.board.queued()
    done = run_analysis(JobContext(tmp_path), job.arguments)
    library.board.stop(job.id)
    return done


def test_a_video_that_stays_where_it_is(
    library: VideoLibrary, faces_mp4: Path, tmp_path: Path
) -> None:
    assert library.list() == ()
    added = library.add_file(faces_mp4)
    assert (added.name, added.state, added.path) == ("faces.mp4", VideoState.NEW, faces_mp4)
    job = library.analyse(added.id, OPTIONS.to_dict())
    assert library.entry(added.id).state == VideoState.QUEUED
    assert library.analyse(added.id, OPTIONS.to_dict()).id == job.id  # one at a time
    library.board.stop(job.id)
    assert library.entry(added.id).state == VideoState.STOPPED
    done = analysed(library, added.id, tmp_path)
    entry = library.entry(added.id)
    assert entry.state == VideoState.DONE
    assert done == {"frames": 8, "faces": entry.summary["faces"], "people": 2}
    assert (entry.people, entry.duration_s) == (2, 4.0)
    assert entry.sha256 == file_sha256(faces_mp4)
    assert entry.folder.strip.read_bytes()[:2] == b"\xff\xd8"
    table = read_frame_table(entry.folder.frames)
    assert table.metadata["source"]["name"] == "faces.mp4"
    assert str(tmp_path) not in json.dumps(dict(table.metadata)) + json.dumps(entry.summary)
    library.remove(added.id)
    assert library.list() == ()
    assert faces_mp4.exists()


def test_progress_has_numbers_and_a_picture(
    library: VideoLibrary, faces_mp4: Path, tmp_path: Path
) -> None:
    entry = library.add_file(faces_mp4)
    job = library.analyse(entry.id, OPTIONS.to_dict())
    told: list[Progress] = []
    run_analysis(JobContext(tmp_path, write=told.append), job.arguments)
    last = told[-1]
    assert (last.message, last.done, last.total, last.unit) == (
        "Reading the video", 8, 8, "frames",
    )  # fmt: skip
    assert last.preview["image"].startswith("data:image/jpeg;base64,/9j/")
    assert len(last.preview["image"]) < 50_000


def test_a_stopped_job_goes_on_where_it_was(
    library: VideoLibrary, faces_mp4: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emotion_core.video.analysis.CHUNK_FRAMES", 2)
    entry = library.add_file(faces_mp4)
    job = library.analyse(entry.id, OPTIONS.to_dict())
    told: list[Progress] = []
    context = JobContext(
        tmp_path, write=told.append, is_cancelled=lambda: bool(told) and told[-1].done == 5
    )
    with pytest.raises(Cancelled):
        run_analysis(context, job.arguments)
    assert len(list(entry.folder.parts.glob("part-*.parquet"))) == 2
    library.board.stop(job.id)
    assert library.entry(entry.id).state == VideoState.STOPPED
    again: list[Progress] = []
    run_analysis(JobContext(tmp_path, write=again.append), job.arguments)
    assert next(p.done for p in again if p.done) == 5  # two chunks of two were there
    assert not entry.folder.parts.exists()


def test_an_upload(library: VideoLibrary, faces_mp4: Path, tmp_path: Path) -> None:
    data = faces_mp4.read_bytes()
    entry = library.reserve("C:\\films\\../my film.MP4", len(data))
    assert (entry.name, entry.state) == ("my film.MP4", VideoState.UPLOADING)
    assert entry.path is not None
    assert entry.path.parent == entry.folder.media
    with pytest.raises(VideoError, match="cannot be analysed: it is uploading"):
        library.analyse(entry.id, OPTIONS.to_dict())
    part = library.upload_path(entry)
    part.write_bytes(data[:1000])
    with pytest.raises(VideoError, match="Received: 1,000"):
        library.finish_upload(entry.id)
    part.write_bytes(data)
    done = library.finish_upload(entry.id, "ab" * 32)
    assert (done.state, done.sha256) == (VideoState.NEW, "ab" * 32)
    with pytest.raises(VideoError, match="not being uploaded"):
        library.finish_upload(entry.id)
    library.remove(entry.id)
    assert not entry.folder.path.exists()


def test_an_upload_that_is_no_video_is_gone(library: VideoLibrary) -> None:
    entry = library.reserve("notes.mp4", 5)
    library.upload_path(entry).write_bytes(b"hello")
    with pytest.raises(VideoError, match=r"notes\.mp4") as caught:
        library.finish_upload(entry.id)
    assert ".part" not in str(caught.value)
    assert library.list() == ()


def test_what_cannot_be_taken_in(library: VideoLibrary, tmp_path: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    for path, reason in (
        (text, r"text\.mp4"),
        (tmp_path, "a folder"),
        (tmp_path / "no", "No such"),
    ):
        with pytest.raises(VideoError, match=reason):
            library.add_file(path)
    with pytest.raises(VideoError, match="empty"):
        library.reserve("a.mp4", 0)
    with pytest.raises(DiskFullError, match="are needed"):
        library.reserve("a.mp4", 10**18)
    assert library.list() == ()


@pytest.mark.parametrize("video", ["", ".", "..", "../videos", "a/b", "no-such", "/etc"])
def test_no_id_leads_out_of_the_library(library: VideoLibrary, video: str) -> None:
    library.root.mkdir()
    for ask in (library.entry, library.remove, library.finish_upload):
        with pytest.raises(VideoError, match="no such video"):
            ask(video)


def test_no_file_of_a_source_leads_out_of_its_folder(library: VideoLibrary) -> None:
    entry = library.reserve("a.mp4", 10)
    source = entry.folder.load_source()
    entry.folder.write_source({**source, "stored": "../../secret.mp4"})
    assert library.entry(entry.id).path == entry.folder.media / "secret.mp4"


def test_a_video_that_is_not_there_any_more(
    library: VideoLibrary, faces_mp4: Path, tmp_path: Path
) -> None:
    path = tmp_path / "moved.mp4"
    path.write_bytes(faces_mp4.read_bytes())
    entry = library.add_file(path)
    job = library.analyse(entry.id, OPTIONS.to_dict())
    path.unlink()
    with pytest.raises(VideoError, match="not there any more"):
        run_analysis(JobContext(tmp_path), job.arguments)
    library.board.stop(job.id)
    assert library.entry(entry.id).state == VideoState.GONE


def test_damaged_files_of_the_library_are_one_sentence(
    library: VideoLibrary, faces_mp4: Path
) -> None:
    entry = library.add_file(faces_mp4)
    entry.folder.source.write_text("{")
    (found,) = library.list()
    assert "source.json" in found.error
    library.remove(entry.id)
    entry = library.add_file(faces_mp4)
    entry.folder.options.write_text('{"every_s": -1}')
    with pytest.raises(VideoError, match="every_s"):
        AnalysisOptions.read(entry.folder.options)


@pytest.fixture(scope="module")
def read_once(faces_mp4: Path, tmp_path_factory: pytest.TempPathFactory) -> VideoEntry:
    folder = tmp_path_factory.mktemp("read")
    library = VideoLibrary(folder / "videos", JobBoard(folder / "jobs", start=False))
    entry = library.add_file(faces_mp4)
    analysed(library, entry.id, folder)
    return library.entry(entry.id)


@pytest.mark.parametrize("blur", [False, True])
def test_the_annotated_copy(read_once: VideoEntry, tmp_path: Path, blur: bool) -> None:
    told: list[Progress] = []
    read_once.folder.people.name(1, "Anna")
    read_once.folder.people.hide(2)
    done = run_copy(
        JobContext(tmp_path, write=told.append),
        {"folder": str(read_once.folder.path), "blur": blur, "threshold": 0.3},
    )
    assert done["frames"] == 100
    assert (told[-1].unit, told[-1].total) == ("seconds of video", 4.0)
    copy = probe_video(read_once.folder.copy)
    assert (copy.codec, copy.width, copy.height, copy.duration_s) == ("h264", 320, 240, 4.0)


def test_no_copy_without_a_table(library: VideoLibrary, faces_mp4: Path) -> None:
    entry = library.add_file(faces_mp4)
    with pytest.raises(VideoError, match="Analyse it first"):
        library.make_copy(entry.id)


def test_a_real_job(faces_mp4: Path, tmp_path: Path) -> None:
    """The queue's own process does it, and knows the kind."""
    library = VideoLibrary(tmp_path / "videos", JobBoard(tmp_path / "jobs"))
    entry = library.add_file(faces_mp4)
    job = library.board.wait(library.analyse(entry.id, OPTIONS.to_dict()).id, 100)
    assert (job.state, job.error) == (JobState.DONE, "")
    assert library.entry(entry.id).state == VideoState.DONE
    assert job.progress.done == 8
    assert job.progress.preview == {}  # no picture of anybody stays in the queue
