"""The store: everything that was read and kept, on this machine or on a database server."""

import copy
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from emotion_core.emotions import FER2013, LabelSet
from emotion_core.errors import StoreError
from emotion_core.files.atomic_files import make_folder
from emotion_core.paths import home_folder
from emotion_core.store.adding import AnalysedPhoto, add_photos, add_video
from emotion_core.store.backups import backup_name
from emotion_core.store.checking import check_store, vacuum
from emotion_core.store.database import Database, session_row, session_rows, subject_names
from emotion_core.store.exporting import Transfer, export_store
from emotion_core.store.forgetting import Forgotten, forget_person, forget_subject
from emotion_core.store.importing import import_store
from emotion_core.store.models import MAX_OWNER, SessionKind, SessionRow, SessionState
from emotion_core.store.places import SessionPlace, sessions_root, unfinished
from emotion_core.store.recorder import FLUSH_S, Recorder
from emotion_core.store.recordings import (
    adopt_waiting,
    begin_recording,
    end_recording,
    resume_recording,
)
from emotion_core.store.retention import Retention
from emotion_core.store.session import StoredSession
from emotion_core.store.session_info import SessionInfo, info_of


class Store:
    """Stored sessions.

        from emotion_core import Store

        for session in Store().sessions(search="anna"):
            print(session.id, session.name)
        frames = Store().session("3f9a").frames()

    Opening it brings the database up to date, takes in what a killed recording left, and does what
    retention asks for. Every thread and process may have its own, or share one.

    Args:
        url: address of a database, or path of an SQLite file; None: that of
            ``EMOTION_LENS_DATABASE_URL``, else ``store.sqlite`` in the home folder.
        home: folder for rows, pictures and backups; None: that of ``EMOTION_LENS_HOME``. With a
            home and no address anywhere, the SQLite file stands in it.
        owner: whose sessions are seen, changed and made: those of nobody else exist for this
            store, and what concerns all of them is refused. None: everybody's, as the command
            line has it.

    Raises:
        StoreError: the database is newer, another program's, damaged, locked or cannot be opened.
        StoreUnavailableError: the server does not answer.
    """

    def __init__(
        self,
        url: str | Path | None = None,
        *,
        home: Path | None = None,
        owner: str | None = None,
    ) -> None:
        _checked_owner(owner)
        self.home = (home_folder() if home is None else home).absolute()
        if url is None and home is not None:
            url = self.home / "store.sqlite"
        #: Folder of the sessions' folders.
        self.root = sessions_root(self.home)
        #: Where copies of the database stand.
        self.backups = self.home / "backups"
        whole = Database(url, self.backups)
        self.database = whole.limited_to(owner)
        #: What is thrown away, and when.
        self.retention = Retention(self.database, self.root)
        #: What could not be brought in or thrown away just now, one sentence each.
        self.notes: tuple[str, ...] = (
            *adopt_waiting(whole, self.root),
            *Retention(whole, self.root).sweep(),
        )

    @property
    def owner(self) -> str | None:
        """Whose sessions these are; None: everybody's."""
        return self.database.owner

    def for_owner(self, owner: str | None) -> "Store":
        """The same store for one person's sessions, without opening it anew.

        Args:
            owner: see above.

        Raises:
            StoreError: it is no name of an owner.
        """
        limited = copy.copy(self)
        limited.database = self.database.limited_to(_checked_owner(owner))
        limited.retention = Retention(limited.database, self.root)
        return limited

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes connections that wait for the next use; the store can still be used."""
        self.database.close()

    def sessions(
        self,
        search: str = "",
        *,
        kind: SessionKind | str | None = None,
        tags: Iterable[str] = (),
        group: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        deleted: bool = False,
    ) -> tuple[SessionInfo, ...]:
        """The sessions, newest first.

        Args:
            search: words that all stand in names, notes, tags, groups, files or people.
            kind: of this kind only.
            tags: with all of these tags only.
            group: in this group only.
            since: begun then or later.
            until: begun before.
            deleted: those that were thrown away and can be restored, instead of the others.

        Raises:
            StoreError: the database cannot be read.
        """
        with self.database.reading() as db:
            subjects = subject_names(db)
            found = [info_of(row, subjects) for row in session_rows(db)]
        wanted = {tag.strip() for tag in tags}
        return tuple(
            info
            for info in found
            if (info.deleted is not None) == deleted
            and (kind is None or info.kind == kind)
            and wanted <= set(info.tags)
            and (group is None or group in info.groups)
            and (since is None or info.created >= since)
            and (until is None or info.created < until)
            and info.matches(search)
        )

    def session(self, session: str) -> StoredSession:
        """A session by its id, or by the beginning of it.

        Raises:
            StoreError: there is none, several begin so, or it was thrown away.
        """
        with self.database.reading() as db:
            found = session_row(db, session).id
        return StoredSession(self.database, SessionPlace(self.root, found))

    def record(
        self,
        *,
        model: str,
        detector: str,
        label_set: LabelSet = FER2013,
        name: str = "",
        model_sha256: str = "",
        labels: str = "",
        versions: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        flush_s: float = FLUSH_S,
    ) -> Recorder:
        """Begins a live recording.

        Args:
            model: that gives the scores.
            detector: that finds the faces.
            label_set: of the scores.
            name: of the session.
            model_sha256: of the model.
            labels: whose labels it answers with.
            versions: of what reads.
            options: of the reading.
            flush_s: how often rows are written.

        Raises:
            StoreError: the name is none.
            OutputError: nothing can be written.
        """
        return begin_recording(
            self.database, self.root, label_set, model, detector, name=name,
            model_sha256=model_sha256, labels=labels, versions=dict(versions or {}),
            options=dict(options or {}), flush_s=flush_s,
        )  # fmt: skip

    def resume(self, session: str, *, flush_s: float = FLUSH_S) -> Recorder:
        """Goes on with a recording that was interrupted; the gap is marked.

        Args:
            session: its id.
            flush_s: how often rows are written.

        Raises:
            StoreError: it has ended, is none, or is being recorded.
            OutputError: nothing can be written.
        """
        return resume_recording(self.database, self.root, session, flush_s=flush_s)

    def end(self, session: str) -> None:
        """Ends a recording that was interrupted; it cannot be resumed any more.

        Raises:
            StoreError: it has ended, is none, or is being recorded.
            OutputError: nothing can be written.
        """
        end_recording(self.database, self.root, session)

    def interrupted(self) -> tuple[SessionInfo, ...]:
        """The recordings that were interrupted and can be resumed, newest first.

        Raises:
            StoreError: the database cannot be read.
        """
        if not (found := unfinished(self.root)):
            return ()  # most of the time, and then no database is asked
        adopt_waiting(self.database, self.root)
        with self.database.reading() as db:
            subjects = subject_names(db)
            rows = [row for session in found if (row := db.get(SessionRow, session)) is not None]
            infos = [
                info_of(row, subjects)
                for row in rows
                if row.deleted is None and self.owner in (None, row.owner)
            ]
        waiting = [info for info in infos if info.state == SessionState.INTERRUPTED]
        return tuple(sorted(waiting, key=lambda info: info.created, reverse=True))

    def add_video(self, folder: Path, *, name: str = "") -> StoredSession:
        """Keeps the analysis of a video as a session: rows, people and markers.

        Args:
            folder: of the analysis, or its ``frames.parquet``.
            name: of the session; empty: the video's.

        Raises:
            VideoError: the analysis cannot be read.
            StoreError: it is no frame table, or the database refuses it.
        """
        return self.session(add_video(self.database, self.root, folder, name=name))

    def add_photos(
        self,
        photos: Sequence[AnalysedPhoto],
        *,
        metadata: Mapping[str, Any],
        label_set: LabelSet = FER2013,
        name: str = "",
    ) -> StoredSession:
        """Keeps what was read in photos as a session.

        Args:
            photos: at least one.
            metadata: ``model``, ``detector``, ``versions`` and ``options`` as in a frame table.
            label_set: of the scores.
            name: of the session.

        Raises:
            StoreError: there are none, or the database refuses them.
        """
        session = add_photos(
            self.database, self.root, photos, label_set, metadata=metadata, name=name
        )
        return self.session(session)

    def export(self, path: Path) -> Transfer:
        """Writes everything into one file, which `import_` of any store reads.

        Raises:
            StoreError: something cannot be read.
            OutputError: the file cannot be written.
        """
        self._refuse_owner()
        return export_store(self.database, self.root, path)

    def import_(self, path: Path) -> Transfer:
        """Brings in what `export` wrote; sessions that are there already stay as they are.

        Raises:
            StoreError: it is no such file, newer, or damaged.
            OutputError: something cannot be written.
        """
        self._refuse_owner()
        return import_store(self.database, self.root, path)

    def backup(self) -> Transfer:
        """Writes everything into a file of the home folder's ``backups``.

        Raises:
            StoreError: something cannot be read.
            OutputError: the file cannot be written.
        """
        make_folder(self.backups)
        return self.export(self.backups / backup_name("export", ".zip"))

    def check(self) -> list[str]:
        """What is wrong with the store, one sentence each; reads every row.

        Raises:
            StoreError: the database cannot be read at all.
        """
        self._refuse_owner()
        return check_store(self.database, self.root)

    def vacuum(self) -> None:
        """Gives back room that nothing needs any more.

        Raises:
            StoreError: the database will not.
        """
        self._refuse_owner()
        vacuum(self.database, self.root)

    def delete(self, session: str) -> SessionInfo:
        """Throws a session away; `restore` takes that back for some days.

        Raises:
            StoreError: there is none, or it is being recorded.
        """
        return self.retention.delete(session)

    def restore(self, session: str) -> SessionInfo:
        """Takes a deletion back.

        Raises:
            StoreError: there is no such session any more.
        """
        return self.retention.restore(session)

    def forget_person(self, session: str, person: int) -> Forgotten:
        """Removes every row and picture of somebody in one session, for good.

        Raises:
            StoreError: there is nobody of this number, or the session is being recorded.
        """
        found = self.session(session).id
        return forget_person(self.database, self.root, self.backups, found, person)

    def forget_subject(self, name: str) -> Forgotten:
        """Removes every row and picture of somebody from all sessions, for good.

        Raises:
            StoreError: there is nobody of this name, or one of the sessions is being recorded.
        """
        return forget_subject(self.database, self.root, self.backups, name)

    def _refuse_owner(self) -> None:
        if self.owner is not None:
            raise StoreError(
                "This concerns everybody's sessions. Whoever runs the server can do it with "
                "`python -m emotion_core store`."
            )


def _checked_owner(owner: str | None) -> str | None:
    if owner is not None and not 0 < len(owner) <= MAX_OWNER:
        raise StoreError(
            f"Owner of sessions: wanted 1 to {MAX_OWNER:,} letters. Received: {len(owner):,}."
        )
    return owner
