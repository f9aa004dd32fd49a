"""The live figures as HTML, which is cheap to draw twice a second."""

from collections.abc import Mapping, Sequence
from html import escape

from emotion_core.emotions import Emotion
from emotion_core.html import pieces
from emotion_core.live.adaptation import LEVELS
from emotion_core.live.health import Health
from emotion_core.types import FrameResult
from emotion_core.wording import percent

#: Faces whose seven shares are shown; the rest is counted.
MAX_FACES = 4

_STAGES = ("detect", "crop", "classify", "track", "draw")


def faces_now(
    result: FrameResult, relative_to_rest: Sequence[int] = (), *, is_now: bool = True
) -> str:
    """One block per face: its chip and the shares of all expressions.

    Args:
        result: the newest frame's.
        relative_to_rest: numbers of the faces whose scores are relative to their resting face.
        is_now: whether the frame is of now; if not, the faces lose their colours.
    """
    order = sorted(result, key=lambda face: int(result.track_ids[face]))
    blocks = [
        _face(result, face, int(result.track_ids[face]) in relative_to_rest)
        for face in order[:MAX_FACES]
    ]
    rest = len(order) - len(blocks)
    if rest > 0:
        blocks.append(pieces.paragraph(f"and {rest} more", quiet=True))
    kind = "el-faces-now" if is_now else "el-faces-now el-old"
    return f'<div class="{kind}">{"".join(blocks)}</div>'


def health_strip(health: Health, viewers: int, limit: int) -> str:
    """The state of the stream in a row of figures."""
    stages = [
        f"{stage} {health.stage_ms[stage]:.1f}" for stage in _STAGES if stage in health.stage_ms
    ]
    errors = f"{health.errors} not read" if health.errors else "none failed"
    figures = pieces.figures(
        [
            ("Frames a second", f"{health.fps_out:.0f}", f"of {health.fps_in:.0f} from the camera"),
            ("Time per frame", f"{health.frame_ms:.0f} ms", " · ".join(stages) or "no frame yet"),
            ("Skipped", f"{health.skipped:,}", f"of {health.skipped + health.frames:,}, {errors}"),
            ("Faces", f"{health.faces}", "in the last picture"),
            ("Viewers", f"{viewers}", f"of {limit} at once"),
            ("Effort", "reduced" if health.load else "full", _effort(health.load)),
        ]
    )
    return f'<div class="el-health">{figures}</div>'


def _effort(load: int) -> str:
    """What is left out so that the picture keeps up with the camera."""
    return " · ".join(LEVELS[1 : load + 1]) or "keeps up with the camera"


def time_share(seconds: Mapping[str, float], emotions: Sequence[Emotion]) -> str:
    """How much of the time each expression was shown.

    Args:
        seconds: {emotion: seconds}; other keys, like "uncertain" and "no face", count as time
            only.
        emotions: those to draw, in order.
    """
    total = sum(seconds.values()) or 1.0
    bars = [_bar(e.value, seconds.get(e.value, 0.0) / total, e.colour) for e in emotions]
    return f'<dl class="el-bars">{"".join(bars)}</dl>'


def _face(result: FrameResult, face: int, relative: bool) -> str:
    scores = result.smoothed
    bars = [_bar(name, share, Emotion(name).colour) for name, share in scores.as_dict(face).items()]
    note = pieces.paragraph("Relative to your resting face", quiet=True) if relative else ""
    kind = "el-bars el-pale" if result.uncertain[face] else "el-bars"
    shares = f'<dl class="{kind}">{"".join(bars)}</dl>'
    return f"<section>{pieces.one_chip(result, face)}{note}{shares}</section>"


def _bar(name: str, share: float, colour: str) -> str:
    return (
        f"<dt>{escape(name)}</dt>"
        f'<dd><i style="width:{share * 100:.1f}%;background:{colour}"></i></dd>'
        f"<dd>{percent(share)}</dd>"
    )
