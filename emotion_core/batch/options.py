"""How the inputs of a batch are read: one set of options for the library, the command and jobs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from emotion_core.classifiers.heads import HEAD_NAMES
from emotion_core.errors import BatchError
from emotion_core.faces import DEFAULT_MAX_SIDE_PX, SmallFaces
from emotion_core.schema.validation import FORBID_OTHERS, validated
from emotion_core.schema.value_types import Number, OneOf, Text, WholeNumber
from emotion_core.video.options import DEFAULT_EVERY_S, AnalysisOptions

#: What inputs are; ``auto`` tells by their names.
AUTO, PHOTOS, VIDEOS = "auto", "photos", "videos"
INPUT_KINDS = (AUTO, PHOTOS, VIDEOS)


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """How inputs are read. Names and meanings are those of ``analyze`` and ``video``.

    Attributes:
        kind: ``photos``, ``videos``, or ``auto``: by the names of the first inputs.
        model: a model's name; None for the default.
        labels: whose labels answer; None for those that the model has, raters' first.
        detector: a face detector's name; None for the best that can be used here.
        min_confidence: faces of which the detector is less sure are left out; None: its own.
        threshold: top probability below which a face counts as uncertain; None: the model's own.
        small_faces: how hard small faces are looked for in large photos.
        detection_size: longest side of a photo on which faces are looked for first, pixels.
        every_s: seconds between sampled frames of a video; None: by ``every_n``.
        every_n: every n-th frame of a video; None beside ``every_s`` None: every frame.
        from_s: where to begin in a video, in seconds.
        to_s: where to end in it; None: at its end.
    """

    __pydantic_config__ = FORBID_OTHERS

    kind: Annotated[str, OneOf(INPUT_KINDS)] = AUTO
    model: Annotated[str | None, Text(100, or_none=True)] = None
    labels: Annotated[str | None, OneOf(HEAD_NAMES, or_none=True)] = None
    detector: Annotated[str | None, Text(100, or_none=True)] = None
    min_confidence: Annotated[float | None, Number(0, 1, or_none=True)] = None
    threshold: Annotated[float | None, Number(0, 1, or_none=True)] = None
    small_faces: Annotated[str, OneOf(tuple(SmallFaces))] = SmallFaces.AUTO.value
    detection_size: Annotated[int, WholeNumber(64, 100_000)] = DEFAULT_MAX_SIDE_PX
    every_s: Annotated[float | None, Number(1e-3, 86_400, or_none=True)] = DEFAULT_EVERY_S
    every_n: Annotated[int | None, WholeNumber(1, 10**9, or_none=True)] = None
    from_s: Annotated[float, Number(0, 1e9)] = 0.0
    to_s: Annotated[float | None, Number(0, 1e9, or_none=True)] = None

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], source: str = "") -> "BatchOptions":
        """Options as they stand in JSON; what is left out has its default.

        Args:
            values: names and values.
            source: where they came from, for the error.

        Raises:
            BatchError: a value is not what it must be.
            VideoError: the sampling contradicts itself.
        """
        if values.get("every_n") is not None:
            values = {"every_s": None, **values}
        options = validated(cls, dict(values), source, BatchError)
        options.video()
        return options

    def to_dict(self) -> dict[str, Any]:
        """The options as JSON."""
        return asdict(self)

    def video(self) -> AnalysisOptions:
        """What of them says how a video is analysed."""
        own = self.to_dict()
        for name in ("kind", "small_faces", "detection_size"):
            del own[name]
        return AnalysisOptions.from_dict(own)
