"""Pictures in whatever form -> the expressions in them, in one call."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard, cast

import numpy as np

from emotion_core import tables
from emotion_core.classifiers.runtime import LiteRTClassifier
from emotion_core.emotions import FER2013, LabelSet
from emotion_core.errors import ImageError
from emotion_core.faces import SmallFaces
from emotion_core.files.atomic_files import readable
from emotion_core.images import PillowImage, decode_image, from_pillow, load_image
from emotion_core.pipeline import EmotionPipeline
from emotion_core.types import Frame, FrameResult, UInt8Array

if TYPE_CHECKING:
    import pandas as pd

#: A picture: the path of a file, the content of one, pixels, or a Pillow image.
Source: TypeAlias = "str | os.PathLike[str] | bytes | UInt8Array | PillowImage"

_CONTENT = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True)
class AnalyzedImage:
    """What is known of one picture.

    Attributes:
        source: the path as it was given; of pictures without one, "picture 1" for the first source.
        result: its faces with boxes, scores and decisions.
    """

    source: str
    result: FrameResult


@dataclass(frozen=True, slots=True)
class FailedImage:
    """A picture that could not be read.

    Attributes:
        source: as of `AnalyzedImage`.
        error: why, in one sentence.
    """

    source: str
    error: str


@dataclass(frozen=True, slots=True)
class Analysis:
    """What `analyze` found: a sequence of the pictures that could be read.

    Attributes:
        images: in the order of the sources.
        errors: the sources that could not be read.
        model: name of the model that gave the scores; empty where it has none.
        detector: name of the face detector.
        label_set: the expressions that the model knows.
        note: what has to be known of the detector, e.g. that it stands in for a better one.
        labels: whose labels the model predicts, ``raters`` or ``fer2013``; empty where it does not
            say.
    """

    images: tuple[AnalyzedImage, ...]
    errors: tuple[FailedImage, ...]
    model: str
    detector: str
    label_set: LabelSet
    note: str = ""
    labels: str = ""

    def __len__(self) -> int:
        return len(self.images)

    def __iter__(self) -> Iterator[AnalyzedImage]:
        return iter(self.images)

    def __getitem__(self, index: int) -> AnalyzedImage:
        return self.images[index]

    def to_frame(self) -> "pd.DataFrame":
        """One row per face, with the columns of the CSV that ``emotion-lens analyze`` writes.

        Boxes are pixels of the upright picture; ``uncertain`` says that the top score is below the
        model's threshold. Pictures without faces have no row.
        """
        records = [
            record
            for image in self.images
            for record in tables.results_to_records(
                image.source, image.result, self.model, self.detector, self.labels
            )
        ]
        return tables.records_to_frame(records, self.label_set)

    def to_dict(self) -> dict[str, Any]:
        """The JSON document of ``emotion-lens analyze``: model, labels, detector, results, errors.

        All values are plain, so ``json.dumps`` takes it.
        """
        return tables.analysis_document(
            self.model,
            self.detector,
            [(image.source, image.result) for image in self.images],
            [(failed.source, failed.error) for failed in self.errors],
            self.labels,
        )


def analyze(
    source: "Source | Iterable[Source]",
    *,
    model: str | LiteRTClassifier | None = None,
    detector: str | None = None,
    min_confidence: float | None = None,
    small_faces: SmallFaces | str = SmallFaces.AUTO,
    threshold: float | None = None,
    labels: str | None = None,
    pipeline: EmotionPipeline | None = None,
) -> Analysis:
    """Finds the faces in pictures and reads their expressions.

    Examples:
        >>> from emotion_core import EmotionPipeline, analyze
        >>> analysis = analyze("party.jpg")
        >>> analysis.to_frame()[["source", "face", "emotion", "uncertain"]]
              source  face emotion  uncertain
        0  party.jpg     1   happy      False
        >>> decisions = analysis[0].result.decisions
        >>> decisions.emotion(0).value, bool(decisions.confidences[0] > 0.9)
        ('happy', True)

        Every call opens the model and the detector. `EmotionPipeline.load` does so once for many calls:

        >>> pipeline = EmotionPipeline.load("compact", small_faces="thorough")
        >>> analysis = analyze(["party.jpg", "notes.txt"], pipeline=pipeline)
        >>> len(analysis), analysis.errors[0].error
        (1, 'not an image: notes.txt is no JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF file that can be read.')

    Args:
        source: one picture or several: paths, contents of files (bytes), (H, W, 3) uint8 arrays of
            pixels in the order blue, green, red (as OpenCV has them; turn others around with
            ``image_rgb[..., ::-1]``), or Pillow images. No folders, no addresses.
        model: a model's name, or what `load_model` gave; None for the default.
        detector: a face detector's name; None for the best that can be used here.
        min_confidence: leave out faces of which the detector is less sure, 0-1; None for the
            detector's own.
        small_faces: how hard small faces are looked for in large pictures: "auto", "thorough",
            which takes several times as long, or "off".
        threshold: call an answer uncertain below this score, 0-1; None for the model's own.
        labels: whose labels answer: "raters", what most people would say, or "fer2013", the
            original labels of that data set; None for what the model has, raters' first. For a
            model that is given by name.
        pipeline: an open model and detector, instead of all the options above.

    Returns:
        The pictures in the order of the sources. Of several sources, those that cannot be read
        stand in its ``errors``.

    Raises:
        ImageError: the only source cannot be read.
        ModelError: no such model, or it has no head for these labels.
        DetectorError: no such detector.
        ValueError: an array of another shape or type, an option out of range, or options beside a
            pipeline.
        TypeError: a source of another type.
    """  # noqa: E501 the sentence is one line
    if pipeline is None:
        pipeline = EmotionPipeline.load(
            model,
            detector,
            min_confidence=min_confidence,
            small_faces=small_faces,
            threshold=threshold,
            labels=labels,
        )
    elif (
        any(given is not None for given in (model, detector, min_confidence, threshold, labels))
        or small_faces != "auto"
    ):
        raise ValueError("pipeline: wanted no other options beside it; it was built with its own.")
    alone = _is_source(source)
    sources = cast("Iterable[Source]", [source] if alone else source)
    images, errors = [], []
    for number, each in enumerate(sources, start=1):
        name = _name(each, number)
        try:
            image = to_image(each, name=name)
        except ImageError as error:
            if alone:
                raise
            errors.append(FailedImage(name, str(error)))
        else:
            images.append(AnalyzedImage(name, pipeline.analyze(Frame(image))))
    card = getattr(pipeline.classifier, "card", None)
    return Analysis(
        tuple(images),
        tuple(errors),
        model=card.name if card else "",
        labels=getattr(pipeline.classifier, "labels", ""),
        detector=pipeline.detector.name,
        label_set=card.label_set if card else FER2013,
        note=pipeline.detector.note,
    )


def to_image(source: "Source", *, name: str = "picture") -> UInt8Array:
    """A picture in whatever form as pixels.

    Args:
        source: see `analyze`.
        name: what it is called in error messages; files are called by their own.

    Returns:
        (H, W, 3) uint8 BGR, upright.

    Raises:
        ImageError: it cannot be read.
        TypeError: none of these forms.
    """
    if isinstance(source, _CONTENT):
        return decode_image(bytes(source), name=name)
    if isinstance(source, np.ndarray):
        return source
    if isinstance(source, str | os.PathLike):
        return load_image(Path(source))
    if isinstance(source, PillowImage):
        return from_pillow(source, name=name)
    raise TypeError(
        "source: wanted paths, bytes, arrays (H, W, 3) uint8 or Pillow images. "
        f"Received: {type(source).__name__}"
    )


def _name(source: object, number: int) -> str:
    if isinstance(source, str | os.PathLike):
        return readable(Path(source))
    return f"picture {number}"


def _is_source(source: object) -> "TypeGuard[Source]":
    """Whether this is one picture, rather than several."""
    if isinstance(source, np.ndarray):
        return source.ndim < 4
    return isinstance(source, str | os.PathLike | _CONTENT | PillowImage)
