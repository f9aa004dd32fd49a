"""Which process is the supervisor: a file that it writes and everybody else reads."""

from pathlib import Path
from typing import Annotated

from typing_extensions import TypedDict

from emotion_core.errors import JobError
from emotion_core.files.atomic_files import write_json
from emotion_core.files.outside_files import read_json
from emotion_core.jobs.processes import own_identity
from emotion_core.schema.validation import validated
from emotion_core.schema.value_types import Number, WholeNumber

_FILE = "supervisor.json"


class _Stored(TypedDict):
    pid: Annotated[int, WholeNumber(1, 2**31 - 1)]
    process_started: Annotated[float, Number(0, 253_000_000_000)]


def announce(root: Path) -> None:
    """Writes that this process is the supervisor of a folder of jobs."""
    write_json(root / _FILE, own_identity())


def supervisor_identity(root: Path) -> tuple[int, float | None]:
    """Process number and start of the last supervisor; (0, None) if there was none."""
    path = root / _FILE
    if not path.is_file():
        return 0, None
    try:
        found = validated(_Stored, read_json(path, JobError), str(path), JobError)
    except JobError:
        return 0, None
    return found["pid"], found["process_started"]
