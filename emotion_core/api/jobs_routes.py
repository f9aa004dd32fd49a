"""``/jobs``: how far long work is, and what came of it."""

import math
from pathlib import Path
from typing import Any, Literal

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse

from emotion_core.api.problems import Problem
from emotion_core.api.schemas import Job, Jobs, Result
from emotion_core.errors import JobError, VideoError
from emotion_core.jobs import JobBoard, JobInfo, JobState
from emotion_core.tables import to_csv_bytes, to_json_bytes
from emotion_core.video.frame_table import read_frame_table
from emotion_core.video.library import ANALYSIS, VideoLibrary
from emotion_core.video.video_folder import VideoFolder

_PARQUET = "application/vnd.apache.parquet"
_DIGITS = 6


def router() -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["Jobs"])

    @routes.get("/jobs", summary="All jobs, newest first", response_model=Jobs)
    def jobs(
        state: JobState | None = None, limit: int = Query(100, ge=1, le=1000)
    ) -> dict[str, Any]:
        """Every kind of long work on this server: videos, trainings, imports."""
        found = [job for job in JobBoard().jobs() if state in (None, job.state)]
        return {"jobs": [job.to_dict() for job in found[:limit]]}

    @routes.get("/jobs/{job}", summary="How far a job is", response_model=Job)
    def one_job(job: str) -> dict[str, Any]:
        """One job; ask again every second or more."""
        board = JobBoard()
        board.ensure_supervisor()
        return _job(board, job).to_dict()

    @routes.post("/jobs/{job}/stop", summary="Stop a job", status_code=202, response_model=Job)
    def stop(job: str) -> dict[str, Any]:
        """Asks a job to stop; what it has finished is kept. One that waits stops at once."""
        return _changed(job, JobBoard.stop)

    @routes.post(
        "/jobs/{job}/retry", summary="Run a job again", status_code=202, response_model=Job
    )
    def retry(job: str) -> dict[str, Any]:
        """Puts a stopped or failed job into the queue; it goes on where it was if it can."""
        return _changed(job, JobBoard.resume)

    @routes.delete("/jobs/{job}", summary="Forget a job", status_code=204)
    def forget(job: str) -> Response:
        """Deletes what is known of a job that does not run; what it made stays."""
        board = JobBoard()
        _job(board, job)
        try:
            board.forget(job)
        except JobError as error:
            raise Problem(409, "job_state", str(error)) from error
        return Response(status_code=204)

    @routes.get("/jobs/{job}/result", summary="What a job came to", response_model=Result)
    def result(job: str) -> dict[str, Any]:
        """The figures of a job that is done; of a video also the summary of its analysis."""
        board = JobBoard()
        info = _done(board, job)
        summary = _folder(info).load_summary() if info.kind == ANALYSIS else None
        return {"job": info.to_dict(), "result": board.result(job) or {}, "summary": summary}

    @routes.get(
        "/jobs/{job}/frames",
        summary="The table of a video's faces",
        response_class=Response,
        responses={200: {"content": {"application/json": {}, "text/csv": {}, _PARQUET: {}}}},
    )
    def frames(job: str, format: Literal["json", "csv", "parquet"] = "json") -> Response:
        """A row per face of a sampled frame, and one per sampled frame without a face.

        The columns are those of `frames.parquet` of the command `video`; as Parquet it is that
        very file. JSON is `{"frames": [{"frame": 0, "time_s": 0.0, ...}]}`.
        """
        info = _done(JobBoard(), job)
        if info.kind != ANALYSIS:
            raise Problem(409, "no_frames", "Only the analysis of a video has a table of frames.")
        path = _folder(info).frames
        if not path.is_file():
            raise Problem(410, "gone", "The video was removed meanwhile.")
        if format == "parquet":
            return FileResponse(path, media_type=_PARQUET, filename="frames.parquet")
        return _table(path, format)

    return routes


def _job(board: JobBoard, job: str) -> JobInfo:
    try:
        return board.get(job)
    except JobError as error:
        raise Problem(404, "no_such_job", f"There is no job {job[:100]!r}.") from error


def _changed(job: str, change: Any) -> dict[str, Any]:
    board = JobBoard()
    _job(board, job)
    try:
        change(board, job)
    except JobError as error:
        raise Problem(409, "job_state", str(error)) from error
    return _job(board, job).to_dict()


def _done(board: JobBoard, job: str) -> JobInfo:
    info = _job(board, job)
    if info.state != JobState.DONE:
        told = f"The job is {info.state}, so there is no result. {info.error}".strip()
        raise Problem(409, "not_done", told, job=info.to_dict())
    return info


def _folder(info: JobInfo) -> VideoFolder:
    """The folder of the library in which a video's analysis stands."""
    video = Path(str(info.arguments.get("folder", ""))).name
    try:
        return VideoLibrary().entry(video).folder
    except VideoError as error:
        raise Problem(410, "gone", "The video was removed meanwhile.") from error


def _table(path: Path, form: str) -> Response:
    frames = read_frame_table(path).frames
    for column in frames.columns:
        if frames[column].dtype.kind == "f":
            frames[column] = frames[column].astype("float64").round(_DIGITS)
    if form == "csv":
        return Response(
            to_csv_bytes(frames),
            media_type="text/csv",
            headers={"Content-Disposition": 'attachment; filename="frames.csv"'},
        )
    rows = [
        {name: _plain(value) for name, value in row.items()}
        for row in frames.astype(object).where(frames.notna(), None).to_dict(orient="records")
    ]
    return Response(to_json_bytes({"frames": rows}), media_type="application/json")


def _plain(value: Any) -> Any:
    """A value of a table as JSON holds it; None for what is missing or no number."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.item() if hasattr(value, "item") else value
