"""What a person changed, as a list of changes in a file; the last can be undone."""

from pathlib import Path
from typing import Any, Generic, TypeVar

from emotion_core.errors import VideoError
from emotion_core.files.atomic_files import make_folder, readable, write_json
from emotion_core.files.named_locks import named_lock
from emotion_core.files.outside_files import read_json
from emotion_core.schema.validation import validated

#: More were not made by hand.
MAX_EDITS = 10_000

_LOCK_S = 10.0
_Edit = TypeVar("_Edit")


class EditLog(Generic[_Edit]):
    """A list of changes in a file. Several processes may add to it.

    Args:
        path: of the file; it need not exist.
        kind: a ``TypedDict`` that a change fits.
    """

    def __init__(self, path: Path, kind: type[_Edit]) -> None:
        self.path = path
        self._kind = kind

    def load(self) -> tuple[_Edit, ...]:
        """The changes, oldest first.

        Raises:
            VideoError: the file cannot be read, or something in it cannot be used.
        """
        if not self.path.exists():
            return ()
        found = read_json(self.path, VideoError)
        edits = found.get("edits") if isinstance(found, dict) else None
        if not isinstance(edits, list):
            raise VideoError(f'{readable(self.path)}: wanted an object with a list "edits".')
        source = readable(self.path)
        return tuple(
            validated(self._kind, edit, f"{source}, change {number}", VideoError)
            for number, edit in enumerate(edits, start=1)
        )

    def add(self, *new: _Edit) -> None:
        """Takes a change; several that have one ``group`` are taken back together.

        Raises:
            VideoError: it does not fit, there is no room for more, or the file cannot be read.
            OutputError: it cannot be written.
        """
        for edit in new:
            validated(self._kind, edit, "", VideoError)
        make_folder(self.path.parent)
        with named_lock(self.path.with_suffix(".lock"), timeout_s=_LOCK_S):
            edits = self.load()
            if len(edits) + len(new) > MAX_EDITS:
                raise VideoError(
                    f"{self.path.name} holds {len(edits):,} changes, and no more than "
                    f"{MAX_EDITS:,} fit. Undo some."
                )
            self._write([*edits, *new])

    def undo(self) -> _Edit | None:
        """Takes the last change back, and its whole group; None where there is none.

        Returns:
            The first change that was taken back.

        Raises:
            VideoError: the file cannot be read.
            OutputError: it cannot be written.
        """
        if not self.path.exists():
            return None
        with named_lock(self.path.with_suffix(".lock"), timeout_s=_LOCK_S):
            edits = self.load()
            if not edits:
                return None
            first = len(edits) - 1
            group = _group(edits[first])
            while group and first and _group(edits[first - 1]) == group:
                first -= 1
            self._write(list(edits[:first]))
            return edits[first]

    def _write(self, edits: list[Any]) -> None:
        write_json(self.path, {"edits": edits})


def _group(edit: Any) -> str:
    return str(edit.get("group", ""))
