"""Why a run ended, in words for the person who started it."""

import shutil
from pathlib import Path

from emotion_core.errors import OutputError
from emotion_core.files.atomic_files import disk_full_text, is_disk_full
from emotion_core.jobs import processes, store

_AS_GOOD_AS_FULL_BYTES = 1 << 20

#: What is there all the same, and what to do, for ``disk_full_text``.
_KEPT = "Everything up to the last full epoch is kept."
_THEN = "resume"
_RESUME = "Resuming continues after the last full epoch."

OUT_OF_MEMORY = f"{processes.OUT_OF_MEMORY} {_RESUME}"
VANISHED = f"{store.VANISHED} {_RESUME}"


def reason_of_death(reason: str) -> str:
    """Why the process of a run ended without a word, and what to do."""
    return f"{reason} {_RESUME}"


def reason_of_error(error: BaseException, folder: Path) -> str:
    """An exception in words for the person who started the run.

    Args:
        error: what a run raised.
        folder: of the run. Some writers report a full disk in a form of their own; there its
            free space tells.
    """
    if is_disk_full(error) or (
        isinstance(error, OSError | RuntimeError)
        and shutil.disk_usage(folder).free < _AS_GOOD_AS_FULL_BYTES
    ):
        return disk_full_text(folder, kept=_KEPT, then=_THEN)
    if isinstance(error, OutputError):
        return str(error)
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return OUT_OF_MEMORY
    return f"{type(error).__name__}: {error}"
