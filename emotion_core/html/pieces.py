"""Small pieces of HTML: one chip per face, rows of figures. Everything that varies is escaped."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from emotion_core.emotions import Emotion
from emotion_core.types import FrameResult
from emotion_core.wording import describe_face, percent

#: A card shows this many chips; the rest is counted.
MAX_CHIPS = 6


def face_chips(result: FrameResult) -> str:
    """One chip per face: its number, its colour and the prediction in words."""
    chips = [_face_chip(result, face) for face in list(result)[:MAX_CHIPS]]
    rest = len(result) - len(chips)
    if rest:
        chips.append(f'<li class="el-chip el-more">{rest} more</li>')
    return f'<ul class="el-chips">{"".join(chips)}</ul>'


def one_chip(result: FrameResult, face: int) -> str:
    """The chip of one face, alone."""
    return f'<ul class="el-chips">{_face_chip(result, face)}</ul>'


def figures(items: Iterable[tuple[str, str, str]]) -> str:
    """Figures in a row: what it is, the number, and what the number means."""
    cells = [
        f"<div><dt>{escape(label)}</dt><dd>{escape(value)}<small>{escape(note)}</small></dd></div>"
        for label, value, note in items
    ]
    return f'<dl class="el-figures">{"".join(cells)}</dl>'


def card_title(name: str, note: str) -> str:
    """A picture's name on one line, cut where it does not fit, and a note behind it."""
    return (
        f'<div class="el-card-title"><span title="{escape(name)}">{escape(name)}</span>'
        f"<small>{escape(note)}</small></div>"
    )


def photo_line(name: str, note: str) -> str:
    """A picture's whole name, and a note below it."""
    return f'<div class="el-photo-line"><b>{escape(name)}</b><small>{escape(note)}</small></div>'


def paragraph(text: str, *, quiet: bool = False) -> str:
    """Plain text that comes from outside: Markdown in it stays text and fetches nothing."""
    return f'<p class="{"el-quiet" if quiet else "el-text"}">{escape(text)}</p>'


def definition_list(items: Sequence[tuple[str, str]]) -> str:
    """Terms with one sentence each."""
    rows = [f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>" for term, text in items]
    return f'<dl class="el-lines">{"".join(rows)}</dl>'


def legend(emotions: Sequence[Emotion]) -> str:
    """Which colour stands for which expression."""
    items = [
        f'<li style="--el-colour:{emotion.colour}"><i></i>{escape(emotion)}</li>'
        for emotion in emotions
    ]
    return f'<ul class="el-legend">{"".join(items)}</ul>'


def share_bar(share: Mapping[str, float]) -> str:
    """One bar: how much of the time each expression was shown, in the colours of the charts."""
    cells, words = [], []
    for name, value in share.items():
        if value < 0.005:
            continue
        known = name in {emotion.value for emotion in Emotion}
        colour = Emotion(name).colour if known else "transparent"
        kind = "" if known else ' class="el-doubt"'
        cells.append(f'<i{kind} style="flex:{value:.4f};background:{colour}"></i>')
        words.append(f"{name} {percent(value)}")
    if not cells:
        return '<p class="el-quiet">No face was found.</p>'
    text = escape(" · ".join(words))
    return (
        f'<div class="el-shares" role="img" aria-label="{text}">{"".join(cells)}</div>'
        f'<p class="el-quiet">{text}</p>'
    )


def _face_chip(result: FrameResult, face: int) -> str:
    uncertain = bool(result.uncertain[face])
    colour = (Emotion.NEUTRAL if uncertain else result.decisions.emotion(face)).colour
    kind = "el-chip el-uncertain" if uncertain else "el-chip"
    number = int(result.track_ids[face])
    text = escape(describe_face(result.decisions, face))
    return f'<li class="{kind}" style="--el-colour:{colour}"><b>{number}</b><i></i>{text}</li>'
