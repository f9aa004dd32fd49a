"""What may stand in the address of a request, behind the question mark."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from emotion_core.drawing import DrawOptions
from emotion_core.errors import VideoError
from emotion_core.faces import DEFAULT_MAX_SIDE_PX
from emotion_core.video.options import AnalysisOptions
from emotion_core.video.sampling import Sampling

_MODEL = Field(None, max_length=100, description="A model's name; the default model without it.")
_LABELS = Field(
    None,
    description="Whose labels answer: raters, what most people would say who look at the face, or "
    "fer2013, the original labels of that data set.",
)
_DETECTOR = Field(
    None, max_length=100, description="A face detector's name; the best one here without it."
)
_MIN_CONFIDENCE = Field(
    None, ge=0, le=1, description="Minimum detection confidence: faces below it are left out."
)
_THRESHOLD = Field(
    None, ge=0, le=1, description="Call a prediction uncertain below this score; the model's own."
)
#: What a stranger may ask of the server's processor for one picture: ten times the default.
MAX_DETECTION_SIZE_PX = 2048
_TIME_WORDS = "Seconds (90.5), or 1:30 or 1:02:03."


class ReadingOptions(BaseModel):
    """How faces are found and read in pictures, by the names of the command ``analyze``."""

    # Frozen, to be a key; an option that is not known is a fault, not silence.
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    model: str | None = _MODEL
    labels: Literal["raters", "fer2013"] | None = _LABELS
    detector: str | None = _DETECTOR
    min_confidence: float | None = _MIN_CONFIDENCE
    threshold: float | None = _THRESHOLD
    small_faces: Literal["auto", "thorough", "off"] = Field(
        "auto", description="How hard small faces are looked for in large pictures."
    )
    detection_size: int = Field(
        DEFAULT_MAX_SIDE_PX,
        ge=64,
        le=MAX_DETECTION_SIZE_PX,
        description="Longest side at which faces are first searched for, pixels; `small_faces` is "
        "the faster way to small ones.",
    )


class PicturesQuery(ReadingOptions):
    """How pictures are read, and what comes back beside what was read."""

    annotated: bool = Field(
        False,
        description="true: also the pictures with boxes and predictions drawn into them, as "
        "JPEGs in base64 (`results[].annotated`).",
    )
    blur: bool = Field(
        False, description="true: faces are made unrecognisable in the annotated pictures."
    )

    @field_validator("blur")
    @classmethod
    def _only_with_pictures(cls, blur: bool, info: ValidationInfo) -> bool:
        # Where `annotated` itself is at fault, that is said, and enough.
        if blur and not info.data.get("annotated", True):
            raise ValueError("is for the annotated pictures: ask for annotated=true, too")
        return blur

    def reading(self) -> ReadingOptions:
        """What decides about the reading alone: the same whatever is drawn afterwards."""
        return ReadingOptions(**self.model_dump(include=set(ReadingOptions.model_fields)))

    def drawing(self) -> DrawOptions | None:
        """What is drawn into the pictures; None where nobody asked for them."""
        return DrawOptions(blur_faces=self.blur) if self.annotated else None


class VideoQuery(BaseModel):
    """How a video is analysed, by the names of the command ``video``."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, protected_namespaces=(), populate_by_name=True
    )

    name: str = Field(
        "video", max_length=1000, description="Of a video that is sent as the body itself."
    )
    every: str | None = Field(
        None,
        max_length=40,
        description="The first frame of every so many seconds (0.2s, as without it), or every "
        "N-th frame (5; 1 takes every frame).",
    )
    frames: int | None = Field(None, ge=1, le=10**9, description="Every N-th frame.")
    from_: str | None = Field(None, alias="from", max_length=40, description=_TIME_WORDS)
    to: str | None = Field(None, max_length=40, description=_TIME_WORDS)
    model: str | None = _MODEL
    labels: Literal["raters", "fer2013"] | None = _LABELS
    detector: str | None = _DETECTOR
    min_confidence: float | None = _MIN_CONFIDENCE
    threshold: float | None = _THRESHOLD

    def analysis_options(self) -> AnalysisOptions:
        """The options of the analysis.

        Raises:
            VideoError: they do not fit together.
        """
        if self.frames is not None and self.every is not None:
            raise VideoError("Wanted either every or frames. Received: both")
        every = str(self.frames) if self.frames else (self.every or "0.2s")
        sampling = Sampling.parse(every, from_s=self.from_ or "0", to_s=self.to)
        given: dict[str, Any] = {
            "every_s": sampling.every_s, "every_n": sampling.every_n,
            "from_s": sampling.from_s, "to_s": sampling.to_s,
            "model": self.model, "detector": self.detector, "labels": self.labels,
            "min_confidence": self.min_confidence, "threshold": self.threshold,
        }  # fmt: skip
        return AnalysisOptions.from_dict(given)
