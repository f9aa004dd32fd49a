"""How the figures came about, in sentences to cite; what they do not say; where they come from."""

from collections.abc import Mapping, Sequence
from typing import Any

from emotion_core import __version__
from emotion_core.reports.documents.blocks import Block, Points, Table, Text
from emotion_core.reports.documents.words import seconds
from emotion_core.reports.session_frames import SessionFrames, SessionKind

_DIGEST = 16


def method_blocks(sessions: Sequence[SessionFrames], compared: bool, agreed: bool) -> list[Block]:
    """A paragraph to cite, and one sentence on each kind of figure."""
    return [
        Text("To cite in a text:", quiet=True, lead=True),
        Text(method_text(sessions[0].metadata, compared=compared, agreed=agreed)),
        Points(_definitions(sessions, compared, agreed)),
    ]


def method_text(
    metadata: Mapping[str, Any], *, compared: bool = False, agreed: bool = False
) -> str:
    """The method in sentences that can be cited.

    Args:
        metadata: of a frame table.
        compared: whether conditions were compared.
        agreed: whether agreement with people was computed.
    """
    model, options = metadata.get("model") or {}, metadata.get("options") or {}
    detector = metadata.get("detector") or {}
    name = model.get("title") or model.get("name") or "unknown"
    digest = str(model.get("sha256", ""))[:_DIGEST]
    sentences = [
        f"Facial expressions were read with Emotion Lens {__version__} (model {name}"
        + (f", SHA-256 {digest}…" if digest else "")
        + (f"; face detector {detector['name']}" if detector.get("name") else "")
        + ")."
    ]
    every = options.get("every_s")
    if isinstance(every, int | float) and every:
        sentences.append(f"Frames were sampled every {every:g} s by their time stamps.")
    half_life = options.get("half_life_s")
    if isinstance(half_life, int | float):
        smoothed = (
            f"smoothed exponentially (half-life {half_life:g} s)" if half_life else "not smoothed"
        )
        sentences.append(f"Calibrated probabilities of seven expressions were {smoothed} per face.")
    threshold = options.get("threshold")
    if isinstance(threshold, int | float):
        sentences.append(
            f"A face shows the expression with the highest probability, or counts as uncertain "
            f"below {threshold:g}."
        )
    sentences.append(
        "Shares of time are of the time in which a face was found; their 95 % intervals (Wilson) "
        "and those of mean scores (Student) use the number of independent frames, estimated by "
        "the integrated autocorrelation time."
    )
    if compared:
        sentences.append(
            "Conditions were compared over people by two-sided permutation tests of Student's t "
            "(paired) or Welch's t, corrected by Holm's rule; effects are Hedges' g."
        )
    if agreed:
        sentences.append(
            "Agreement with human coders is Cohen's kappa over time windows, with intraclass "
            "correlations, ICC(A,1) and ICC(C,1), of shares of a window."
        )
    return " ".join(sentences)


def _definitions(
    sessions: Sequence[SessionFrames], compared: bool, agreed: bool
) -> tuple[str, ...]:
    points = [
        "An onset is the first frame that shows an expression, after another one, an uncertain "
        "face, or half a second without the face.",
        "Intervals say how far a figure of another stretch of the same kind might lie. What the "
        "model gets wrong is in none of them.",
    ]
    if any(session.kind is SessionKind.PHOTOS for session in sessions):
        points.append(
            "Photos have no time: each counts once, and there are no onsets. A face that nobody "
            "named goes by its place in the photo; Face 1 of two photos may be two people."
        )
    resting = [
        f"{session.view.names.get(person, person)} in {session.name}, {seconds(begin)} to "
        f"{seconds(end)}"
        for session in sessions
        for person, (begin, end) in session.baselines.items()
    ]
    if resting:
        points.append(
            "From mean scores and curves the mean of a resting interval was subtracted "
            f"({'; '.join(resting)}); shares and onsets are as decided."
        )
    if compared:
        points.append(
            "In comparisons a person counts once in each condition, however many frames show them."
        )
    if agreed:
        points.append(
            "Kappa's interval uses the number of independent windows; neighbouring ones resemble "
            "each other."
        )
    return tuple(points)


def limits() -> Points:
    """What the figures do not say."""
    return Points((
        "An expression is what a face looks like, not what a person feels. People smile when "
        "embarrassed and look angry when they think. Source: Barrett et al., Psychological "
        "Science in the Public Interest 20 (2019) 1-68.",
        "The model learnt from photographs that were collected on the web and labelled by few "
        "people each. It is less often right for small, dark, turned or covered faces, "
        "and how it does for groups of people was not measured here.",
        "A resting face may look sad or angry to it. Compare people with themselves, or subtract "
        "a resting interval.",
        "These figures are no basis for decisions about single people. In the EU, reading emotions "
        "from faces at work and in education is prohibited except for medical and safety reasons "
        "(Regulation (EU) 2024/1689, Article 5).",
    ))  # fmt: skip


def origin_table(sessions: Sequence[SessionFrames]) -> Table:
    """What was read, with hashes and versions."""
    rows = []
    for session in sessions:
        source = session.metadata.get("source") or {}
        model = session.metadata.get("model") or {}
        begin, end = session.view.window
        versions = session.metadata.get("versions") or {}
        photos = session.kind is SessionKind.PHOTOS
        rows.append(
            (
                session.name, session.kind.value, session.group or "–",
                session.created.replace("T", " ")[:16] or "–",
                f"{end - begin:.0f} photos" if photos else f"{seconds(begin)} to {seconds(end)}",
                _short(source.get("sha256")), _short(model.get("sha256")),
                str(versions.get("emotion-lens", "–")),
            )
        )  # fmt: skip
    return Table(
        ("Session", "Kind", "Group", "Created", "Read", "Source SHA-256", "Model SHA-256",
         "Version"),
        tuple(rows),
        weights=(1.7, 0.7, 0.8, 1.6, 1.2, 1.1, 1.1, 0.8),
    )  # fmt: skip


def _short(digest: Any) -> str:
    return f"{str(digest)[:8]}…" if digest else "–"
