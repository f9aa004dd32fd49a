"""Sessions of a store as reports take them."""

from typing import TYPE_CHECKING, Any, Protocol

from emotion_core.reports.baseline import subtract_baselines
from emotion_core.reports.session_frames import SessionFrames, build_session
from emotion_core.video.markers import Marker

if TYPE_CHECKING:
    import pandas as pd


class MarkerList(Protocol):
    """Markers of a stored session."""

    def list(self) -> tuple[Marker, ...]:
        """In the order of time."""


class Stored(Protocol):
    """What is asked of a session: ``emotion_core.store.session.StoredSession`` has it.

    Store and reports stand beside each other, so neither imports the other.
    """

    id: str

    @property
    def markers(self) -> MarkerList:
        """Moments, intervals and exclusions."""

    def info(self) -> Any:
        """What is known of it: ``SessionInfo``."""

    def frames(self) -> "pd.DataFrame":
        """Its rows with people by name."""


def read_stored(stored: Stored, *, group: str = "", relative: bool = False) -> SessionFrames:
    """A stored session.

    Somebody who is known across sessions goes by that name, so that comparisons know them again.

    Args:
        stored: the session.
        group: which of its groups counts; its condition in that group is what is compared, or the
            group itself where there is none. Empty: the first.
        relative: whether resting faces are subtracted from the scores of those who have one.

    Raises:
        StoreError: it cannot be read.
        ReportError: somebody is not seen in their resting interval.
    """
    info = stored.info()
    frames = stored.frames()
    known = {p.number: p.subject for p in info.people if p.subject}
    if known:
        names = frames["person_id"].map(known)
        frames = frames.assign(person=names.where(names.notna(), frames["person"]))
    session = build_session(
        frames,
        id=info.id,
        name=info.name,
        kind=str(info.kind),
        group=_condition(info.groups, group),
        markers=stored.markers.list(),
        metadata=_metadata(info),
        created=info.created.isoformat(timespec="seconds"),
        notes=info.notes,
    )
    if not relative:
        return session
    by_name = {name: number for number, name in session.view.names.items()}
    resting = {
        by_name[name]: person.baseline
        for person in info.people
        if person.baseline is not None and (name := person.subject or person.name) in by_name
    }
    return subtract_baselines(session, resting) if resting else session


def _condition(groups: Any, wanted: str) -> str:
    name = wanted or next(iter(groups), "")
    return str(groups[name] or name) if name in groups else ""


def _metadata(info: Any) -> dict[str, Any]:
    """As a frame table's metadata has it."""
    details = dict(info.details)
    model = {**(details.pop("model", None) or {}), "name": info.model, "sha256": info.model_sha256}
    if info.options.get("labels"):
        model.setdefault("labels", info.options["labels"])
    source: dict[str, Any] = {}
    if len(info.sources) == 1:
        one = info.sources[0]
        source = {**one.details, "name": one.name, "sha256": one.sha256}
    elif info.sources:
        source = {"name": f"{len(info.sources)} sources"}
    return {
        **details,
        "source": source,
        "model": model,
        "detector": {"name": info.detector},
        "options": dict(info.options),
        "versions": dict(info.versions),
        "emotions": list(info.label_set.names),
    }
