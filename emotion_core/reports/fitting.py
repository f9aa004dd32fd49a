"""Whether sessions can be laid beside each other, and what one should know before doing so."""

from collections.abc import Callable, Sequence

from emotion_core.errors import ReportError
from emotion_core.reports.session_frames import SessionFrames, SessionKind
from emotion_core.wording import count_of

_HEADS = {"fer2013": "FER-2013's labels", "raters": "ten raters' votes (FER+)"}
_SHOWN = 3


def labels_of(session: SessionFrames) -> str:
    """Whose labels a session was read by: a head's name, empty where nobody noted it."""
    return str((session.metadata.get("model") or {}).get("labels") or "")


def check_fit(sessions: Sequence[SessionFrames]) -> tuple[str, ...]:
    """Refuses what cannot be compared.

    Returns:
        Sentences on what can, but differs in how it was read.

    Raises:
        ReportError: other emotions, other labels, or photos beside what has time.
    """
    sets = _by(sessions, lambda s: ", ".join(s.view.label_set.names))
    if len(sets) > 1:
        raise ReportError(
            f"Wanted sessions with the same expressions. Received: {_listed(sets)}. Compare those "
            "that were read by models of the same expressions."
        )
    heads = _by([s for s in sessions if labels_of(s)], labels_of)
    if len(heads) > 1:
        words = {_HEADS.get(head, head): names for head, names in heads.items()}
        raise ReportError(
            f"Wanted sessions that were read by the same labels. Received: {_listed(words)}. The "
            "same face gets other scores by other labels: read the sources again by the same ones."
        )
    photos = [s.name for s in sessions if s.kind is SessionKind.PHOTOS]
    if photos and len(photos) < len(sessions):
        raise ReportError(
            f"Wanted photos, or recordings and videos. Received both: {', '.join(photos[:_SHOWN])} "
            "has photos, which have no time: a share of photos is no share of time."
        )
    return tuple(_differences(sessions))


def _differences(sessions: Sequence[SessionFrames]) -> list[str]:
    found = []
    models = _by(sessions, _model)
    if len(models) > 1:
        found.append(
            f"They were read by different models: {_listed(models)}. What looks like a difference "
            "between them may be one between the models."
        )
    for name, words in (
        ("threshold", "thresholds, so that more is called uncertain in some"),
        ("every_s", "distances between frames, which changes how many onsets are found"),
        ("half_life_s", "smoothing, which changes how many onsets are found"),
    ):
        values = _by(sessions, lambda s, name=name: _option(s, name))  # type: ignore[misc]
        if len(values) > 1:
            found.append(f"They were read with different {words}: {_listed(values)}.")
    detectors = _by(sessions, lambda s: str((s.metadata.get("detector") or {}).get("name") or ""))
    if len(detectors) > 1:
        found.append(f"Their faces were found by different detectors: {_listed(detectors)}.")
    return found


def _model(session: SessionFrames) -> str:
    model = session.metadata.get("model") or {}
    digest = str(model.get("sha256") or "")[:6]
    name = str(model.get("title") or model.get("name") or "unknown")
    return f"{name} ({digest})" if digest else name


def _option(session: SessionFrames, name: str) -> str:
    value = (session.metadata.get("options") or {}).get(name)
    return f"{value:g}" if isinstance(value, int | float) else "not noted"


def _by(
    sessions: Sequence[SessionFrames], key: Callable[[SessionFrames], str]
) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for session in sessions:
        found.setdefault(key(session), []).append(session.name)
    return found


def _listed(found: dict[str, list[str]]) -> str:
    return "; ".join(
        f"{key or 'none'} ({names[0] if len(names) == 1 else count_of(len(names), 'session')})"
        for key, names in found.items()
    )
