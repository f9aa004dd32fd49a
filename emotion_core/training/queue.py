"""The queue of runs: trained one at a time by a process that outlives the app.

What is queued stands in the run folders themselves (``status.json``: state and position), so
there is nothing to get out of step and no server to ask.
"""

import subprocess
import time
from pathlib import Path

from emotion_core.errors import DiskFullError, TrainingError
from emotion_core.files.atomic_files import check_room, write_json
from emotion_core.files.named_locks import is_locked
from emotion_core.files.publishing import published_folder, remove_folder
from emotion_core.paths import runs_folder
from emotion_core.training.config import TrainingConfig
from emotion_core.training.detached import start_detached
from emotion_core.training.process import terminate
from emotion_core.training.run_folder import RunFolder
from emotion_core.training.runs import RunInfo, list_runs

SUPERVISOR_LOCK = ".supervisor.lock"
# Less is as good as nothing: a checkpoint of the smallest network takes several times as much.
_LEAST_ROOM_BYTES = 1 << 20
SUPERVISOR_LOG = ".supervisor.log"
# Characters that a folder name may hold everywhere.
_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")

# What this process has started, by folder.
_started: dict[Path, "subprocess.Popen[bytes]"] = {}


class RunQueue:
    """The runs of a folder, and what can be done with them.

    Args:
        root: folder of run folders. None: the one of ``EMOTION_LENS_HOME``.
        start: whether queueing starts the process that trains; off in tests.
    """

    def __init__(self, root: Path | None = None, *, start: bool = True) -> None:
        self.root = (runs_folder() if root is None else root).resolve()
        self._start = start

    def runs(self) -> tuple[RunInfo, ...]:
        """All runs, newest first."""
        return list_runs(self.root)

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
        position = self._last_position() + 1
        try:
            with published_folder(folder, kept="The other runs are as before.") as path:
                new = RunFolder(path)
                write_json(
                    new.config,
                    {**config.to_dict(), "dataset": str(dataset), "created": time.time()},
                )
                new.set_status("queued", position=position)
        except FileExistsError as error:
            raise taken from error
        if self._start:
            self.ensure_supervisor()
        return folder

    def stop(self, run: str) -> None:
        """Asks a run to stop; what it has learned up to its last full epoch stays.

        A queued run leaves the queue at once, a running one ends within a few seconds.

        Raises:
            TrainingError: there is no such run, or it neither waits nor runs.
        """
        info = self._find(run)
        if info.state == "queued":
            RunFolder(info.folder).set_status("stopped")
        elif info.state == "running":
            status = RunFolder(info.folder).read_status()
            terminate(int(status.get("pid") or 0), status.get("process_started"))
        else:
            raise TrainingError(f"{run} neither waits nor runs: it is {info.state}.")

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
        self._queue(RunFolder(info.folder))

    def delete(self, run: str) -> None:
        """Deletes a run with everything in its folder.

        Raises:
            TrainingError: there is no such run, it still runs, or it cannot be deleted.
        """
        info = self._find(run)
        if info.state == "running":
            raise TrainingError(f"{run} is running. Stop it first.")
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
        waiting = [info.name for info in self.queued()]
        if self._find(run).state != "queued" or run not in waiting:
            raise TrainingError(f"{run} is not in the queue.")
        at = waiting.index(run)
        waiting.insert(max(0, at + places), waiting.pop(at))
        folders = {info.name: info.folder for info in self.queued()}
        for position, name in enumerate(waiting, 1):
            if name in folders:  # it may have begun meanwhile
                RunFolder(folders[name]).set_status("queued", position=position)

    def ensure_supervisor(self) -> bool:
        """Starts the process that trains if runs wait and it is not there.

        Call it when the app starts: a machine that was switched off has queued runs and nobody
        who trains them.

        Returns:
            Whether a process was started.
        """
        mine = _started.get(self.root)
        # One that was started a moment ago may not hold its lock yet.
        if not self.queued() or self.supervisor_runs() or (mine and mine.poll() is None):
            return False
        line = ["train", "--work-queue", str(self.root)]
        _started[self.root] = start_detached(line, self.root / SUPERVISOR_LOG)
        return True

    def hindrance(self) -> str:
        """Why no run can be trained now, in words: a full disk; empty where nothing hinders."""
        try:
            check_room(self.root, _LEAST_ROOM_BYTES, kept="Runs that wait stay in the queue.")
        except DiskFullError as error:
            return str(error)
        return ""

    def supervisor_runs(self) -> bool:
        """Whether the process that trains is there."""
        return is_locked(self.root / SUPERVISOR_LOCK)

    def _queue(self, folder: RunFolder) -> None:
        if folder.read_status().get("state") != "queued":
            folder.set_status("queued", position=self._last_position() + 1)
        if self._start:
            self.ensure_supervisor()

    def _last_position(self) -> int:
        stored = (RunFolder(run.folder).read_status().get("position") for run in self.queued())
        return int(max((position or 0 for position in stored), default=0))

    def _find(self, run: str) -> RunInfo:
        found = next((info for info in self.runs() if info.name == run), None)
        if found is None:
            raise TrainingError(f"There is no run {run!r} in {self.root}.")
        return found
