"""The videos of an installation: what was brought in, where it is, and how far its analysis is."""

import contextlib
import secrets
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from emotion_core.errors import JobError, VideoError
from emotion_core.files.atomic_files import make_folder, readable, write_json
from emotion_core.files.file_names import safe_file_name, shown_name
from emotion_core.files.outside_files import refusal
from emotion_core.files.publishing import published_folder, remove_folder
from emotion_core.jobs import JobBoard, JobInfo, JobState
from emotion_core.paths import videos_folder
from emotion_core.video.video_folder import StoredSource, VideoFolder

#: Kinds of jobs, see ``emotion_core.jobs.kinds``.
ANALYSIS, COPY = "video-analysis", "video-copy"


class VideoState(StrEnum):
    """A video of the library is in one of these."""

    GONE = "gone"  # its file is not where it was
    NEW = "new"
    QUEUED = "queued"
    RUNNING = "running"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"
    DONE = "done"

    @property
    def is_active(self) -> bool:
        """Whether its analysis waits or works."""
        return self in (VideoState.QUEUED, VideoState.RUNNING, VideoState.STOPPING)


@dataclass(frozen=True, slots=True)
class VideoEntry:
    """A video of the library at one moment.

    Attributes:
        id: name of its folder.
        name: of the file, as it was brought in.
        folder: its files.
        state: how far it is. ``done`` is one with a whole table.
        size_bytes: of the video.
        created: Unix time at which it was brought in.
        path: where the video stands, or will once it is uploaded; None where nobody knows.
        sha256: of the video; empty until somebody has read it.
        job: the newest analysis; None where there was none, or it is forgotten.
        copy_job: the newest annotated copy; None as before.
        summary: what ``summary.json`` says; empty while there is none.
        problem: what of its files cannot be read; empty when nothing is wrong.
    """

    id: str
    name: str
    folder: VideoFolder
    state: VideoState
    size_bytes: int = 0
    created: float = 0.0
    path: Path | None = None
    sha256: str = ""
    job: JobInfo | None = None
    copy_job: JobInfo | None = None
    summary: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""

    @property
    def error(self) -> str:
        """Why the analysis failed, or what cannot be read; empty where nothing is wrong."""
        if self.problem:
            return self.problem
        failed = self.job is not None and self.state == VideoState.FAILED
        return self.job.error if failed and self.job is not None else ""

    @property
    def duration_s(self) -> float | None:
        """How long the video is; None before it is analysed, or where nobody knows."""
        found = self.summary.get("source", {}).get("duration_s")
        return None if found is None else float(found)

    @property
    def people(self) -> int | None:
        """How many people the analysis found; None before."""
        found = self.summary.get("people")
        return None if found is None else int(found)


class VideoLibrary:
    """The videos below a folder. It holds nothing itself, so every process may have its own.

    Args:
        root: folder of the videos' folders. None: the one of ``EMOTION_LENS_HOME``.
        board: of the jobs. None: the one of ``EMOTION_LENS_HOME``.
    """

    def __init__(self, root: Path | None = None, board: JobBoard | None = None) -> None:
        self.root = (videos_folder() if root is None else root).resolve()
        self.board = JobBoard() if board is None else board

    def list(self) -> tuple[VideoEntry, ...]:
        """All videos, newest first."""
        if not self.root.is_dir():
            return ()
        ids = [path.name for path in self.root.iterdir() if (path / "source.json").is_file()]
        jobs = self._jobs()
        found = [self._read(name, jobs) for name in ids if not name.startswith(".")]
        return tuple(sorted(found, key=lambda entry: (entry.created, entry.id), reverse=True))

    def entry(self, video: str) -> VideoEntry:
        """A video by its id.

        Raises:
            VideoError: there is none.
        """
        return self._read(self._checked(video), self._jobs())

    def add_file(self, path: Path) -> VideoEntry:
        """Takes in a video that stays where it is.

        Raises:
            VideoError: it cannot be read as a video.
            OutputError: the library cannot be written.
        """
        if reason := refusal(path):
            raise VideoError(f"{readable(path)}: wanted a video file. Received: {reason}.")
        _probe(path)
        return self._new(path.name, path.stat().st_size, path.resolve())

    def take_file(self, path: Path, name: str) -> VideoEntry:
        """Takes in a video that is moved into the library, as one that was uploaded.

        Args:
            path: of the file, on the library's disk. Afterwards it is not there any more.
            name: what it was called where it came from.

        Raises:
            VideoError: it is no video; it is deleted.
            OutputError: the library cannot be written.
        """
        plain = name.replace("\\", "/").rsplit("/", 1)[-1]
        stem, dot, suffix = plain.rpartition(".")
        if not dot or not suffix.isalnum():
            stem, suffix = plain, ""
        stored = safe_file_name(stem or "video", f".{suffix[:16]}" if suffix else "")
        return self._new(shown_name(plain) or stored, path.stat().st_size, path, stored)

    def analyse(self, video: str, options: Mapping[str, Any]) -> JobInfo:
        """Puts a video into the queue, or goes on with an analysis of the same options.

        Args:
            video: its id.
            options: see ``AnalysisOptions.to_dict``.

        Raises:
            VideoError: there is no such video, or it is not there (yet).
            OutputError: the job cannot be written.
        """
        entry = self.entry(video)
        if entry.state == VideoState.GONE:
            raise VideoError(f"{entry.name} cannot be analysed: it is {entry.state}.")
        if not entry.state.is_active:
            write_json(entry.folder.options, dict(options))
        return self.board.submit(
            ANALYSIS,
            {"folder": str(entry.folder.path)},
            title=entry.name,
            key=_key(ANALYSIS, video),
        )

    def make_copy(
        self,
        video: str,
        *,
        blur: bool = False,
        threshold: float | None = None,
        half_life_s: float | None = None,
    ) -> JobInfo:
        """Lets an annotated copy be made, as people and markers are by then.

        Args:
            video: its id.
            blur: make faces unrecognisable.
            threshold: another one than the analysis took; None: its own.
            half_life_s: another smoothing than the analysis took; None: its own.

        Raises:
            VideoError: there is no such video, or it is not analysed.
            OutputError: the job cannot be written.
        """
        entry = self.entry(video)
        if not entry.folder.is_done:
            raise VideoError(f"{entry.name} has no table yet. Analyse it first.")
        return self.board.submit(
            COPY,
            {
                "folder": str(entry.folder.path),
                "blur": blur,
                "threshold": threshold,
                "half_life_s": half_life_s,
            },
            title=entry.name,
            key=_key(COPY, video),
        )

    def remove(self, video: str) -> None:
        """Deletes a video's folder; a file that stands outside the library stays.

        Raises:
            VideoError: there is no such video, or somebody works on it.
            OSError: it cannot be deleted.
        """
        entry = self.entry(video)
        jobs = [job for job in (entry.job, entry.copy_job) if job is not None]
        if any(job.is_active and job.state != JobState.QUEUED for job in jobs):
            raise VideoError(f"{entry.name} is being worked on. Stop that first.")
        for job in jobs:
            with contextlib.suppress(JobError):
                self.board.forget(job.id)
        remove_folder(entry.folder.path)

    def _checked(self, video: str) -> str:
        path = self.root / video
        if not video or path.parent != self.root or not (path / "source.json").is_file():
            raise VideoError("There is no such video any more.")
        return video

    def _jobs(self) -> dict[str, JobInfo]:
        """The newest job of each key."""
        return {job.key: job for job in reversed(self.board.jobs())}

    def _new(self, name: str, size: int, path: Path, stored: str | None = None) -> VideoEntry:
        """A folder for a video that stays at its path or, with a name to be stored by, moves in."""
        make_folder(self.root)
        video = secrets.token_hex(8)
        with published_folder(self.root / video, kept="Nothing was taken in.") as place:
            folder = VideoFolder(place)
            source: StoredSource = {
                "id": video, "name": name, "size_bytes": size, "sha256": "", "stored": stored,
                "path": None if stored else str(path), "created": time.time(),
            }  # fmt: skip
            folder.write_source(source)
            if stored:
                make_folder(folder.media)
                shutil.move(path, folder.media / stored)
                _probe(folder.media / stored)
        return self.entry(video)

    def _read(self, video: str, jobs: Mapping[str, JobInfo]) -> VideoEntry:
        folder = VideoFolder(self.root / video)
        job, copy_job = jobs.get(_key(ANALYSIS, video)), jobs.get(_key(COPY, video))
        try:
            source = folder.load_source()
            summary = folder.load_summary() or {}
        except VideoError as error:
            state = VideoState.FAILED
            return VideoEntry(video, video, folder, state, job=job, problem=str(error))
        path = folder.video_path(source)
        return VideoEntry(
            id=video,
            name=source.get("name", video),
            folder=folder,
            state=_state(folder, path, job),
            size_bytes=source.get("size_bytes", 0),
            created=source.get("created", 0.0),
            path=path,
            sha256=source.get("sha256", ""),
            job=job,
            copy_job=copy_job,
            summary=summary,
        )


def _state(folder: VideoFolder, path: Path | None, job: JobInfo | None) -> VideoState:
    if job is not None and job.is_active:
        return VideoState(job.state.value)
    if folder.is_done:
        return VideoState.DONE
    if path is None or not path.is_file():
        return VideoState.GONE
    if job is not None and job.state != JobState.DONE:
        return VideoState(job.state.value)
    return VideoState.STOPPED if folder.parts.is_dir() else VideoState.NEW


def _key(kind: str, video: str) -> str:
    return f"{kind}:{video}"


def _probe(path: Path) -> None:
    """Refuses what is no video."""
    # Here: listing videos needs no decoder.
    from emotion_core.video.probing import probe_video

    probe_video(path)
