"""Where the files of sessions stand, and who is writing them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import Timeout

from emotion_core.errors import StoreError
from emotion_core.files.atomic_files import make_folder
from emotion_core.files.named_locks import named_lock
from emotion_core.paths import home_folder
from emotion_core.store.row_parts import RowParts


class SessionPlace:
    """The folder of one session.

    Args:
        root: folder of all sessions' folders.
        session: id of the session.
    """

    def __init__(self, root: Path, session: str) -> None:
        self.session = session
        self.folder = root / session
        #: The rows.
        self.parts = RowParts(self.folder / "rows")
        #: Pictures, if the user wanted any: ``source-0.jpg``, ``person-1.jpg``.
        self.pictures = self.folder / "pictures"
        #: What the database does not know yet.
        self.waiting = self.folder / "waiting.json"
        self._lock = self.folder / ".lock"

    @contextmanager
    def writing(self, what: str) -> Iterator[None]:
        """Nobody else changes the files meanwhile.

        Args:
            what: is done, for the error: ``"deleted"``.

        Raises:
            StoreError: somebody else does: it is being recorded, for example.
            OutputError: the folder cannot be made.
        """
        make_folder(self.folder)
        lock = named_lock(self._lock)
        try:
            lock.acquire()
        except Timeout as error:
            raise StoreError(
                f"The session {self.session} cannot be {what} now: it is being recorded or "
                "changed. Stop that first, or try again."
            ) from error
        try:
            yield
        finally:
            lock.release()

    @property
    def is_being_written(self) -> bool:
        """Whether somebody holds it just now."""
        if not self._lock.exists():
            return False
        lock = named_lock(self._lock)
        try:
            lock.acquire()
        except Timeout:
            return True
        lock.release()
        return False


def sessions_root(home: Path | None = None) -> Path:
    """Folder of the sessions' folders.

    Args:
        home: the home folder; None: that of ``EMOTION_LENS_HOME``.
    """
    return (home_folder() if home is None else home).absolute() / "sessions"


def unfinished(root: Path) -> tuple[str, ...]:
    """Ids of the recordings that were interrupted and that nobody has ended or taken up again.

    Args:
        root: folder of the sessions' folders.
    """
    places = [SessionPlace(root, path.parent.name) for path in root.glob("*/waiting.json")]
    return tuple(place.session for place in places if not place.is_being_written)


def source_picture(position: int) -> str:
    """File name of the picture of a source."""
    return f"source-{position}.jpg"


def person_picture(number: int) -> str:
    """File name of the picture of a person."""
    return f"person-{number}.jpg"
