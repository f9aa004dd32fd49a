"""The queue of runs: trained one at a time by jobs that outlive the app.

What is known of a run stands in its folder; what waits, and in which order, is a matter of the
jobs (``emotion_core.jobs``).
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from emotion_core.errors import DiskFullError, JobError, TrainingError
from emotion_core.files.atomic_files import check_room, write_json
from emotion_core.files.publishing import published_folder, remove_folder
from emotion_core.jobs import JobBoard, JobInfo
from emotion_core.jobs.processes import terminate
from emotion_core.paths import runs_folder
from emotion_core.training.config import TrainingConfig
from emotion_core.training.run_folder import RunFolder
from emotion_core.training.runs import RunInfo, list_runs

_KIND = "training"
# Less is as good as nothing: a checkpoint of the smallest network takes several times as much.
_LEAST_ROOM_BYTES = 1 << 20
# Characters that a folder name may hold everywhere.
_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


class RunQueue:
    """The runs of a folder, and what can be done with them.

    Args:
        root: folder of run folders. None: the one of ``EMOTION_LENS_HOME``.
        start: whether queueing starts the process that trains; off in tests.
    """

    def __init__(self, root: Path | None = None, *, start: bool = True) -> None:
        self.root = (runs_folder() if root is None else root).resolve()
        #: The jobs that train them.
        self.board = JobBoard(self.root.parent / "jobs", start=start)

    def runs(self) -> tuple[RunInfo, ...]:
        """All runs, newest first."""
        waiting = [job.key for job in self.board.queued() if job.kind == _KIND]
        places = {key: i for i, key in enumerate(waiting, 1)}
        return tuple(self._placed(run, places) for run in list_runs(self.root))

    def queued(self) -> tuple[RunInfo, ...]:
        """The waiting runs, next one first."""
        waiting = (run for run in self.runs() if run.state == "queued")
        return tuple(sorted(waiting, key=lambda run: run.position))

    def free_name(self, config: TrainingConfig) -> str:
        """A name that no run has, e.g. ``compact-3``."""
        number = 1
        while (self.root / f"{config.architecture}-{number}").exists():
            number += 1
        return f"{config.architecture}-{number}"

    def enqueue(self, config: TrainingConfig, dataset: str | Path = "", name: str = "") -> Path:
        """Puts a new run at the end of the queue.

        Args:
            config: its settings.
            dataset: path of the data set, or ``synthetic``; empty for the one of the environment.
            name: of the run folder; empty for a free one.

        Returns:
            The run folder.

        Raises:
            TrainingError: the name is taken or cannot be the name of a folder.
            OutputError: the folder cannot be written.
            DiskFullError: there is no room for it.
        """
        name = name or self.free_name(config)
        if not set(name) <= _NAME or name.startswith(".") or len(name) > 80:
            raise TrainingError(
                "name: wanted up to 80 letters, digits, dots, hyphens and underscores, not "
                f"beginning with a dot. Received: {name!r}"
            )
        folder = self.root / name
        taken = TrainingError(f"A run named {name} exists. Choose another name, or delete it.")
        if folder.exists():
            raise taken
        try:
            with published_folder(folder, kept="The other runs are as before.") as path:
                new = RunFolder(path)
                write_json(
                    new.config,
                    {**config.to_dict(), "dataset": str(dataset), "created": time.time()},
                )
                new.set_status("queued")
        except FileExistsError as error:
            raise taken from error
        self._submit(folder)
        return folder

    def stop(self, run: str) -> None:
        """Asks a run to stop; what it has learned up to its last full epoch stays.

        A queued run leaves the queue at once, a running one ends within a few seconds.

        Raises:
            TrainingError: there is no such run, or it neither waits nor runs.
        """
        info = self._find(run)
        if info.state not in ("queued", "running"):
            raise TrainingError(f"{run} neither waits nor runs: it is {info.state}.")
        job = self._job(info.folder)
        if job is not None and job.is_active:
            with suppress(JobError):  # it may have ended meanwhile
                self.board.stop(job.id)
        elif info.state == "running":  # one of a terminal
            status = RunFolder(info.folder).read_status()
            terminate(int(status.get("pid") or 0), status.get("process_started"))
        if info.state == "queued":
            RunFolder(info.folder).set_status("stopped")

    def is_stopping(self, run: RunInfo) -> bool:
        """Whether a run was asked to stop and has not ended yet."""
        job = self._job(run.folder)
        return job is not None and job.state == "stopping"

    def resume(self, run: str) -> None:
        """Puts a stopped or failed run at the end of the queue.

        Raises:
            TrainingError: there is no such run, or it cannot be resumed.
        """
        info = self._find(run)
        if not info.can_resume:
            why = f" {info.problem}" if info.problem else ""
            raise TrainingError(
                f"Wanted a stopped or failed run to resume. {run} is {info.state}.{why}"
            )
        RunFolder(info.folder).set_status("queued")
        self._submit(info.folder)

    def delete(self, run: str) -> None:
        """Deletes a run with everything in its folder.

        Raises:
            TrainingError: there is no such run, it still runs, or it cannot be deleted.
        """
        info = self._find(run)
        if info.state == "running":
            raise TrainingError(f"{run} is running. Stop it first.")
        job = self._job(info.folder)
        with suppress(JobError):
            if job is not None:
                self.board.forget(job.id)
        try:
            if info.folder.is_symlink():
                info.folder.unlink()  # what it leads to may be wanted elsewhere
            else:
                remove_folder(info.folder)
        except OSError as error:
            raise TrainingError(f"Cannot delete {info.folder}: {error.strerror}.") from error

    def move(self, run: str, places: int) -> None:
        """Moves a queued run towards the front (negative) or the back.

        Raises:
            TrainingError: there is no such run, or it is not queued.
        """
        info = self._find(run)
        job = self._job(info.folder)
        if info.state != "queued" or job is None:
            raise TrainingError(f"{run} is not in the queue.")
        try:
            self.board.move(job.id, places)
        except JobError as error:
            raise TrainingError(f"{run} is not in the queue.") from error

    def ensure(self, runs: Sequence[RunInfo]) -> None:
        """Makes sure that somebody trains what waits.

        Call it when runs are looked at: a machine that was switched off has queued runs and nobody
        who trains them, and an older version kept its queue in the run folders alone.

        Args:
            runs: what ``runs`` gave just now.
        """
        left = [run for run in runs if run.state == "queued" and not run.position]
        for run in sorted(left, key=_older_place):
            job = self._job(run.folder)
            if job is None or not job.is_active:
                self._submit(run.folder)
        self.board.ensure_supervisor()

    def hindrance(self) -> str:
        """Why no run can be trained now, in words: a full disk; empty where nothing hinders."""
        try:
            check_room(self.root, _LEAST_ROOM_BYTES, kept="Runs that wait stay in the queue.")
        except DiskFullError as error:
            return str(error)
        return ""

    def _placed(self, run: RunInfo, places: Mapping[str, int]) -> RunInfo:
        """A run with its place; one that was put into the queue as a job is queued, too."""
        place = places.get(self._key(run.folder), 0)
        if run.state in ("stopped", "failed") and place:
            return replace(run, state="queued", error="", position=place)
        return replace(run, position=place) if run.state == "queued" else run

    def _submit(self, folder: Path) -> None:
        run = RunFolder(folder)
        run.make_way(run.log)
        self.board.submit(
            _KIND,
            {"run": str(folder)},
            title=f"Train {folder.name}",
            key=self._key(folder),
            log=run.log,
        )

    def _job(self, folder: Path) -> JobInfo | None:
        return self.board.find(self._key(folder))

    def _key(self, folder: Path) -> str:
        return f"training:{self.root / folder.name}"

    def _find(self, run: str) -> RunInfo:
        found = next((info for info in self.runs() if info.name == run), None)
        if found is None:
            raise TrainingError(f"There is no run {run!r} in {self.root}.")
        return found


def _older_place(run: RunInfo) -> tuple[int, float]:
    """Where a run stood in the queue of an older version, which kept the place in its status."""
    return int(RunFolder(run.folder).read_status().get("position") or 0), run.started
