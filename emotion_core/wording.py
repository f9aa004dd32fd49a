"""How predictions are put into words: one wording for pages, pictures, tables and alt texts."""

from collections.abc import Sequence

from emotion_core.emotions import Emotion
from emotion_core.types import Decisions, FrameResult

#: A face looks angry, but it does not look "fear".
_LOOKS = {
    Emotion.DISGUST: "disgusted",
    Emotion.FEAR: "fearful",
    Emotion.SURPRISE: "surprised",
    Emotion.CONTEMPT: "contemptuous",
}

#: How many faces an alt text spells out before it only counts the rest.
_ALT_TEXT_FACES = 6


def percent(share: float, digits: int = 0) -> str:
    """A share of 1 as percent, e.g. ``"93 %"`` or ``"66.2 %"``; never a false 0 or 100.

    Source: the space before the sign follows ISO 80000-1 and the SI brochure, 5.4.7.
    """
    step = 10.0**-digits
    if 0.0 < share <= step / 200:
        return f"<{step:.{digits}f} %"
    if 1 - step / 200 <= share < 1.0:
        return f">{100 - step:.{digits}f} %"
    return f"{share * 100:.{digits}f} %"


def describe_face(decisions: Decisions, face: int) -> str:
    """One face's prediction: ``"looks happy (93 %)"`` or ``"uncertain (happy 41 %)"``.

    Args:
        decisions: what N faces are called.
        face: row of the face.
    """
    share, unsure = float(decisions.confidences[face]), bool(decisions.uncertain[face])
    return describe_emotion(decisions.emotion(face), share, uncertain=unsure)


def describe_emotion(emotion: Emotion, confidence: float, *, uncertain: bool) -> str:
    """`describe_face` for a face whose decision stands in a table."""
    if uncertain:
        return f"uncertain ({emotion} {percent(confidence)})"
    return f"looks {_LOOKS.get(emotion, emotion.value)} ({percent(confidence)})"


def duration(seconds: float) -> str:
    """A time as coarse as people say it: ``"40 s"``, ``"12 min"``, ``"1 h 52 min"``."""
    if seconds < 90:
        return f"{max(1, round(seconds)) if seconds > 0 else 0} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def count_of(n: int, noun: str, plural: str = "") -> str:
    """A number with its noun, e.g. ``"no faces"``, ``"1 face"``, ``"3 faces"``."""
    many = plural or f"{noun}s"
    if n == 0:
        return f"no {many}"
    return f"{n:,} {noun if n == 1 else many}"


def clock(seconds: float) -> str:
    """A time in a recording or video, e.g. ``"1:02"`` or ``"1:02:03"``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:d}:{minutes:02}:{rest:02}" if hours else f"{minutes:d}:{rest:02}"


def epochs_text(stages: Sequence[int], planned: int | None = None) -> str:
    """How long a training was: ``"4 epochs"``, ``"2 of 4 epochs"``, ``"44 epochs (40 + 4)"``.

    Args:
        stages: epochs of each stage, the last one so far.
        planned: epochs of the last stage when it is complete; None: it is.
    """
    done, total = sum(stages), sum(stages[:-1]) + (stages[-1] if planned is None else planned)
    text = count_of(total, "epoch") if done == total else f"{done:,} of {count_of(total, 'epoch')}"
    if len(stages) == 1:
        return text
    last = f"{stages[-1]}" if done == total else f"{stages[-1]} of {planned}"
    return f"{text} ({' + '.join([*map(str, stages[:-1]), last])})"


def alt_text(source: str, result: FrameResult) -> str:
    """What a picture with its marked faces shows, for people who do not see it."""
    if not len(result):
        return f"{source}: no face found."
    shown = [describe_face(result.decisions, face) for face in list(result)[:_ALT_TEXT_FACES]]
    rest = len(result) - len(shown)
    numbered = [
        f"face {number} {text}" for number, text in zip(result.track_ids, shown, strict=False)
    ]
    more = f" and {rest} more" if rest else ""
    return f"{source}: {count_of(len(result), 'face')}. {'; '.join(numbered)}{more}."


def file_size(n_bytes: int) -> str:
    """A file's size for people, e.g. ``"35 kB"``, ``"20.1 MB"``, ``"1.9 GB"``."""
    if n_bytes < 100_000:
        return f"{n_bytes / 1e3:,.0f} kB"
    return f"{n_bytes / 1e6:,.1f} MB" if n_bytes < 1e9 else f"{n_bytes / 1e9:,.1f} GB"
