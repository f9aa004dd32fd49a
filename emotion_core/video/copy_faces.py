"""What an annotated copy shows: the faces of a table, under the names that people gave them."""

import numpy as np

from emotion_core.classifiers.litert_network import usable_threads
from emotion_core.faces import SmallFaces, build_detector
from emotion_core.types import Float32Array, Frame
from emotion_core.video.face_places import SampledFaces
from emotion_core.video.frame_table import FrameTable, read_frame_table
from emotion_core.video.options import AnalysisOptions
from emotion_core.video.people import build_people
from emotion_core.video.redecide import redecided_table
from emotion_core.video.video_folder import AnalysisFolder, VideoFolder


def copy_faces(
    folder: AnalysisFolder, threshold: float | None = None, half_life_s: float | None = None
) -> tuple[SampledFaces, FrameTable]:
    """The faces of a finished analysis; people who are hidden get no box and are still blurred.

    Args:
        folder: of the analysis.
        threshold: another one than the analysis took; None: its own.
        half_life_s: another smoothing than the analysis took; None: its own.

    Returns:
        The faces, and the table that they come from.

    Raises:
        VideoError: there is no table, or an option is out of range.
    """
    table = redecided_table(
        read_frame_table(folder.frames), threshold=threshold, half_life_s=half_life_s
    )
    frames = table.frames
    edits = folder.people.edits() if isinstance(folder, VideoFolder) else ()
    tracks = frames["track"].to_numpy(np.int64, na_value=0)
    people = build_people(tracks, frames["time_s"].to_numpy(np.float64), edits)
    names = {person: people.name(person) for person in set(people.ids.tolist()) if person}
    named = frames.assign(person=[names.get(person, "") for person in people.ids.tolist()])
    return SampledFaces.from_table(named, hidden=people.hidden), table


class FaceFinder:
    """Finds the faces of every frame, so that a blurred copy shows none between two samples.

    Args:
        options: of the analysis, for its detector.

    Raises:
        DetectorError: it cannot be used here.
    """

    def __init__(self, options: AnalysisOptions) -> None:
        self._detector = build_detector(
            options.detector,
            min_confidence=options.min_confidence,
            small_faces=SmallFaces.OFF,
            threads=usable_threads(),
        )

    def __call__(self, frame: Frame) -> Float32Array:
        """(N, 4) float32 boxes of the faces in a frame, xyxy pixels."""
        return self._detector.detect(frame.image).boxes
