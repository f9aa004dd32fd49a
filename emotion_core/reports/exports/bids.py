"""BIDS: expressions as events of a behavioural data set, a subject per person."""

import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Sequence
from typing import Any

from emotion_core import __version__
from emotion_core.errors import ReportError
from emotion_core.reports.session_frames import SessionFrames, SessionKind
from emotion_core.reports.statistics import is_numbered
from emotion_core.video.events import ExpressionEvent, find_events

#: Version of the specification that the files follow.
#: Source: https://bids-specification.readthedocs.io, "Task events" and "Behavioral experiments".
BIDS_VERSION = "1.10.0"
_DIGITS = 6
# Zip files keep no times of their own, so that the same session gives the same bytes.
_DATE = (2000, 1, 1, 0, 0, 0)


def to_bids_events(events: Sequence[ExpressionEvent]) -> bytes:
    """Expressions as a BIDS events file (TSV).

    Returns:
        ``onset``, ``duration`` (seconds), ``trial_type`` (expression), ``apex``, ``peak``,
        ``mean``, ``person``.
    """
    lines = ["onset\tduration\ttrial_type\tapex\tpeak\tmean\tperson"]
    for event in sorted(events, key=lambda e: (e.onset_s, e.person)):
        numbers = (event.onset_s, event.duration_s)
        figures = (event.apex_s, event.peak, event.mean)
        cells = [*map(_number, numbers), event.expression, *map(_number, figures)]
        lines.append("\t".join([*cells, _cell(event.person)]))
    return ("\n".join(lines) + "\n").encode("utf-8")


def events_sidecar(session: SessionFrames) -> dict[str, Any]:
    """The JSON beside a BIDS events file: what its columns mean, and what wrote them."""
    model = session.metadata.get("model") or {}
    return {
        "onset": {"Description": "First frame that shows the expression", "Units": "s"},
        "duration": {
            "Description": "Until the first frame that no longer shows it",
            "Units": "s",
        },
        "trial_type": {
            "LongName": "Expression",
            "Description": "What the face looks like to the model; not what the person feels",
            "Levels": {name: f"The face looks {name}" for name in session.view.label_set.names},
        },
        "apex": {"Description": "Time of the frame with the highest probability", "Units": "s"},
        "peak": {"Description": "Highest probability, from 0 to 1"},
        "mean": {"Description": "Mean probability over the event, from 0 to 1"},
        "person": {"Description": "Whose face it is"},
        "StimulusPresentation": {
            "SoftwareName": "Emotion Lens",
            "SoftwareVersion": __version__,
        },
        "Model": {
            "Name": model.get("name", "n/a"),
            "SHA256": model.get("sha256") or "n/a",
            "Session": session.name,
        },
    }


def to_bids(sessions: Sequence[SessionFrames], *, task: str = "watching") -> bytes:
    """Sessions as a BIDS data set (zip): a subject per person, a ``ses-`` per session of several.

    Args:
        sessions: videos or live recordings.
        task: what people did; letters and digits of it are kept.

    Returns:
        A zip with ``dataset_description.json``, ``participants.tsv`` and its JSON, ``README`` and
        ``sub-*/[ses-*/]beh/*_events.tsv`` with a JSON each.

    Raises:
        ReportError: nobody is seen, a photo session, or the task has no letter.
    """
    if any(session.kind is SessionKind.PHOTOS for session in sessions):
        raise ReportError("BIDS events have times. Wanted videos or live recordings, not photos.")
    label = _label(task)
    if not label:
        raise ReportError(f"task: wanted a word of letters and digits. Received: {task!r}")
    subjects = _subjects(sessions)
    if not subjects:
        raise ReportError("Wanted sessions in which somebody is seen. Received none.")
    files: dict[str, bytes] = {
        "dataset_description.json": _json(_description(sessions)),
        "README": _readme(sessions).encode("utf-8"),
        "participants.tsv": _participants(subjects),
        "participants.json": _json(
            {"name": {"Description": "What the person is called in Emotion Lens"}}
        ),
    }
    names = _unique([session.name for session in sessions])
    for session, session_label in zip(sessions, names, strict=True):
        events = find_events(session.view)
        for person, name in session.view.names.items():
            subject, _ = subjects[_key(session, person, name)]
            parts = [f"sub-{subject}"] + [f"ses-{session_label}"] * (len(sessions) > 1)
            stem = f"{'/'.join(parts)}/beh/{'_'.join(parts)}_task-{label}_events"
            own = [event for event in events if event.person_id == person]
            files[f"{stem}.tsv"] = to_bids_events(own)
            files[f"{stem}.json"] = _json({"TaskName": label, **events_sidecar(session)})
    return _zip(files)


def _subjects(sessions: Sequence[SessionFrames]) -> dict[str, tuple[str, str]]:
    """{key of a person: (label, name)}; somebody with a name is one person in all sessions."""
    keys: dict[str, str] = {}
    for session in sessions:
        for person, name in session.view.names.items():
            keys.setdefault(_key(session, person, name), name)
    labels = _unique(list(keys.values()))
    return {key: (label, name) for (key, name), label in zip(keys.items(), labels, strict=True)}


def _key(session: SessionFrames, person: int, name: str) -> str:
    return f"{session.id}/{person}" if is_numbered(name) else name


def _unique(names: Sequence[str]) -> list[str]:
    """Labels of letters and digits, no two the same to a file system."""
    found: list[str] = []
    taken: set[str] = set()
    for name in names:
        base = _label(name) or "x"
        label, number = base, 2
        while label.casefold() in taken:
            label, number = f"{base}n{number}", number + 1
        taken.add(label.casefold())
        found.append(label)
    return found


def _label(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9]", "", plain)[:40]


def _description(sessions: Sequence[SessionFrames]) -> dict[str, Any]:
    return {
        "Name": ", ".join(session.name for session in sessions)[:200] or "Expressions",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "raw",
        "GeneratedBy": [{"Name": "Emotion Lens", "Version": __version__}],
    }


def _readme(sessions: Sequence[SessionFrames]) -> str:
    sources = "\n".join(f"- {session.name}" for session in sessions)
    return (
        "Facial expressions as events, read by Emotion Lens from:\n\n"
        f"{sources}\n\n"
        "An event says what a face looks like to a model, from its first frame to the first that "
        "no longer shows it. It does not say what a person feels. Times are seconds from the "
        "start of the recording. Faces that the model is not sure of have no event.\n"
    )


def _participants(subjects: dict[str, tuple[str, str]]) -> bytes:
    rows = [f"sub-{label}\t{_cell(name)}" for label, name in subjects.values()]
    return ("\n".join(["participant_id\tname", *rows]) + "\n").encode("utf-8")


def _cell(text: str) -> str:
    return " ".join(text.split()) or "n/a"


def _number(value: float) -> str:
    return f"{round(value, _DIGITS):.{_DIGITS}f}".rstrip("0").rstrip(".")


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def _zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return buffer.getvalue()
