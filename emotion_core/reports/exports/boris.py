"""BORIS: coded events as its "tabular events" have them, two rows per event."""

from emotion_core.reports.session_frames import SessionFrames
from emotion_core.tables import to_csv_bytes
from emotion_core.video.events import find_events

#: Source: BORIS 8 and 9, Observations > Export events > tabular events; docs at boris.unito.it.
BORIS_COLUMNS = (
    "Observation id", "Observation date", "Description", "Observation duration",
    "Observation type", "Source", "Time offset (s)", "Media duration (s)", "FPS", "Subject",
    "Behavior", "Behavioral category", "Behavior type", "Time", "Media file name", "Image index",
    "Image file path", "Comment",
)  # fmt: skip
_DIGITS = 3  # BORIS keeps milliseconds


def to_boris(session: SessionFrames) -> bytes:
    """Expressions as state events (``START`` and ``STOP``), markers as ``POINT`` events (CSV)."""
    import pandas as pd

    source = session.metadata.get("source") or {}
    begin, end = session.view.window
    media = str(source.get("name") or session.name)
    always = {
        "Observation id": session.name,
        "Observation date": session.created.replace("T", " ")[:19],
        "Description": session.notes,
        "Observation duration": round(end - begin, _DIGITS),
        "Observation type": "Media file(s)",
        "Source": f"player #1:{media}",
        "Time offset (s)": 0.0,
        "Media duration (s)": round(float(source.get("duration_s") or end), _DIGITS),
        "FPS": round(float(source.get("average_fps") or 0.0), _DIGITS),
        "Media file name": media,
        "Image index": "",
        "Image file path": "",
    }
    rows = []
    for event in find_events(session.view):
        for kind, time_s in (("START", event.onset_s), ("STOP", event.offset_s)):
            rows.append({
                **always, "Subject": event.person, "Behavior": event.expression,
                "Behavioral category": "Expression", "Behavior type": kind,
                "Time": round(time_s, _DIGITS),
                "Comment": f"mean probability {event.mean:.3f}" if kind == "START" else "",
            })  # fmt: skip
    for marker in session.markers:
        rows.append({
            **always, "Subject": "No focal subject", "Behavior": "marker",
            "Behavioral category": "", "Behavior type": "POINT",
            "Time": round(marker.start_s, _DIGITS), "Comment": marker.text,
        })  # fmt: skip
    # Of two events at one moment the one that ends comes first, or BORIS sees it run on.
    rank = {"STOP": 0, "POINT": 1, "START": 2}
    rows.sort(key=lambda row: (row["Time"], rank[str(row["Behavior type"])]))
    return to_csv_bytes(pd.DataFrame(rows, columns=list(BORIS_COLUMNS)))
