"""How a video is analysed: one set of options for the library, the command and the page."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from emotion_core.classifiers.heads import HEAD_NAMES
from emotion_core.classifiers.litert_network import usable_threads
from emotion_core.classifiers.registry import load_model
from emotion_core.errors import VideoError
from emotion_core.faces import SmallFaces, build_detector
from emotion_core.files.outside_files import read_json
from emotion_core.schema.validation import validated
from emotion_core.schema.value_types import Number, OneOf, Text, WholeNumber
from emotion_core.stream import StreamOptions, StreamPipeline
from emotion_core.video.sampling import Sampling

#: Five samples a second: expressions last about half a second and longer.
DEFAULT_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class AnalysisOptions:
    """How a video is analysed.

    Attributes:
        every_s: seconds between sampled frames; None: by ``every_n``.
        every_n: every n-th frame; None beside ``every_s`` None: every frame.
        from_s: where to begin, in seconds from the start of the video.
        to_s: where to end; None: at the end of the video.
        model: a model's name; None for the default.
        labels: whose labels answer; None for those that the model learned.
        detector: a face detector's name; None for the best that can be used here.
        min_confidence: faces of which the detector is less sure are left out; None: its own.
        threshold: top probability below which a face counts as uncertain; None: the model's own.
        half_life_s: of the smoothing of scores; 0 for none.
        detect_every: sampled frames from one detection to the next; between them faces are
            followed by optical flow, which suits dense samples only.

    Raises:
        VideoError: the options do not fit together.
    """

    every_s: Annotated[float | None, Number(1e-3, 86_400, or_none=True)] = DEFAULT_EVERY_S
    every_n: Annotated[int | None, WholeNumber(1, 10**9, or_none=True)] = None
    from_s: Annotated[float, Number(0, 1e9)] = 0.0
    to_s: Annotated[float | None, Number(0, 1e9, or_none=True)] = None
    model: Annotated[str | None, Text(100, or_none=True)] = None
    labels: Annotated[str | None, OneOf(HEAD_NAMES, or_none=True)] = None
    detector: Annotated[str | None, Text(100, or_none=True)] = None
    min_confidence: Annotated[float | None, Number(0, 1, or_none=True)] = None
    threshold: Annotated[float | None, Number(0, 1, or_none=True)] = None
    half_life_s: Annotated[float, Number(0, 3600)] = 0.4
    detect_every: Annotated[int, WholeNumber(1, 1000)] = 1

    @property
    def sampling(self) -> Sampling:
        """Which frames are read.

        Raises:
            VideoError: the options contradict each other.
        """
        return Sampling(self.every_s, self.every_n, self.from_s, self.to_s)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], source: str = "") -> "AnalysisOptions":
        """Options as they stand in JSON; what is left out has its default.

        Args:
            values: names and values.
            source: where they came from, for the error.

        Raises:
            VideoError: a value is not what it must be, or they contradict each other.
        """
        if values.get("every_n") is not None:
            values = {"every_s": None, **values}
        options = validated(cls, dict(values), source, VideoError)
        options.sampling  # noqa: B018 (it raises)
        return options

    @classmethod
    def read(cls, path: Path) -> "AnalysisOptions":
        """Options from ``analysis.json``.

        Raises:
            VideoError: not there, or as ``from_dict``.
        """
        found = read_json(path, VideoError)
        if not isinstance(found, dict):
            raise VideoError(f"{path}: wanted an object of names and values.")
        return cls.from_dict(found, str(path))

    def to_dict(self) -> dict[str, Any]:
        """The options as JSON."""
        return asdict(self)

    def build_pipeline(self, *, threads: int | None = None) -> StreamPipeline:
        """Opens model and detector.

        Args:
            threads: as of ``EmotionPipeline.load``.

        Raises:
            ModelError: no such model, or it cannot answer with these labels.
            DetectorError: no such detector, or it cannot be used here.
        """
        classifier = load_model(self.model, threads=threads, spin=True, labels=self.labels)
        detector = build_detector(
            self.detector,
            min_confidence=self.min_confidence,
            small_faces=SmallFaces.OFF,
            threads=threads or usable_threads(),
        )
        stream = StreamOptions(
            detect_every=self.detect_every, half_life_s=self.half_life_s, threshold=self.threshold
        )
        size_px = classifier.card.input_size_px
        return StreamPipeline(detector, classifier, stream, crop_size_px=size_px)
