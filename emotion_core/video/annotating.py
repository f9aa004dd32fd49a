"""A copy of a video with what was read in it: boxes and labels, or faces that nobody can tell."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from emotion_core.drawing import blur_faces, draw_faces, face_colour, label_texts
from emotion_core.errors import OutputError, VideoError
from emotion_core.files.atomic_files import readable
from emotion_core.types import Float32Array, Frame, UInt8Array
from emotion_core.video.containers import open_video, undecodable
from emotion_core.video.face_places import FacePlaces, SampledFaces
from emotion_core.video.looking_around import looked_around
from emotion_core.video.reading import VideoReader
from emotion_core.video.sampling import Sampling
from emotion_core.video.writing import VideoWriter

# A picture in so many blocks along its longer side shows no face that can be told.
_HIDDEN_BLOCKS = 16

#: What is said where whole pictures were hidden.
HIDDEN_NOTE = (
    "Where frames were sampled too rarely to know who is in the picture, or not at all, the whole "
    "picture is hidden."
)


@dataclass(frozen=True, slots=True)
class AnnotatedCopy:
    """A copy that was written.

    Attributes:
        path: of the file.
        frames: how many it has.
        hidden_frames: how many of them show nothing, because nothing is known of them.
        notes: what was odd, in sentences.
    """

    path: Path
    frames: int
    hidden_frames: int
    notes: tuple[str, ...]


def annotate_video(
    source: Path | str,
    faces: SampledFaces,
    output: Path | str,
    *,
    blur: bool = False,
    marks: bool = True,
    find: Callable[[Frame], Float32Array] | None = None,
    from_s: float = 0.0,
    to_s: float | None = None,
    tell: Callable[[float], None] | None = None,
) -> AnnotatedCopy:
    """Writes a copy of a video: H.264 in MP4, every frame at its own time, with its sound.

    With ``blur`` no raw face gets through: what was sampled is covered with room, on its whole way
    from sample to sample, and for a second, or to the next sample, before it was first found and
    after it was lost. Frames of which nothing is known (outside of what was sampled, or between
    samples more than half a second apart) are hidden as a whole, unless ``find`` looks into every
    frame; what it misses in some frames is known from those around.

    Args:
        source: the video.
        faces: what was read in it.
        output: the file to write, ending in ``.mp4``.
        blur: make faces unrecognisable.
        marks: draw boxes and labels.
        find: gives (N, 4) float32 boxes of the faces in a frame, xyxy pixels; used with ``blur``.
        from_s: where the copy begins, in seconds from the start of the video.
        to_s: where it ends; None: with the video.
        tell: is told the time of every frame; what it raises ends the work and leaves no file.

    Raises:
        VideoError: the source cannot be read as a video, or is the output.
        OutputError: the output cannot be written.
        DiskFullError: there is no room for it.
    """
    source, output = Path(source), Path(output)
    if output.exists() and source.exists() and output.samefile(source):
        raise VideoError(
            f"{readable(output)}: wanted another file than the video itself. Choose another name."
        )
    if not output.parent.is_dir():
        raise OutputError(
            f"Cannot write {readable(output)}: there is no folder {readable(output.parent)}."
        )
    places = FacePlaces(faces)
    n = hidden = 0
    with VideoReader(source, Sampling(from_s=from_s, to_s=to_s)) as reader:
        info = reader.info
        # The copy's clock starts with what comes first, picture or sound.
        before_s = info.sound_lead_s if from_s == 0 else 0.0
        zero_s = info.start_s + from_s - before_s
        end_s = None if to_s is None else info.start_s + to_s
        with (
            open_video(source) as sound,
            VideoWriter(
                output, sound=sound if info.has_audio else None, start_s=zero_s, end_s=end_s
            ) as writer,
        ):
            look = find if blur else None
            frames = ((f, None) for f in reader) if look is None else looked_around(reader, look)
            for frame, found in frames:
                image, is_hidden = _annotated(frame, places, found, blur=blur, marks=marks)
                writer.write(image, frame.timestamp_s - from_s + before_s)
                n, hidden = n + 1, hidden + is_hidden
                if tell is not None:
                    tell(frame.timestamp_s)
            if n == 0:
                raise (
                    undecodable(source)
                    if from_s == 0
                    else VideoError(
                        f"{readable(source.name)}: wanted frames from {from_s:g} s on. "
                        "The video ends before."
                    )
                )
        notes = dict.fromkeys((*reader.notes, *writer.notes))
    if hidden:
        notes[HIDDEN_NOTE] = None
    return AnnotatedCopy(output, n, hidden, tuple(notes))


def _annotated(
    frame: Frame, places: FacePlaces, found: Float32Array | None, *, blur: bool, marks: bool
) -> tuple[UInt8Array, bool]:
    """(the picture, whether it is hidden as a whole); ``found``: what a look into it has shown."""
    image, time_s, size_px = frame.image, frame.timestamp_s, frame.size_px
    hidden = blur and found is None and not places.is_known(time_s, size_px)
    if hidden:
        image = hidden_picture(image)
    elif blur:
        covered = places.covered(time_s, size_px)
        image = blur_faces(image, covered if found is None else np.concatenate([covered, found]))
    if marks:
        image = _marked(image, places, time_s)
    return image, hidden


def _marked(image: UInt8Array, places: FacePlaces, time_s: float) -> UInt8Array:
    drawn, faces = places.drawn(time_s, (image.shape[1], image.shape[0])), places.faces
    texts, colours, dashed = [], [], []
    for row in drawn.rows.tolist():
        emotion, doubt = faces.emotions[row], bool(faces.uncertain[row])
        share = float(faces.confidences[row])
        texts.append(label_texts(faces.names[row], emotion, share, uncertain=doubt))
        colours.append(face_colour(emotion, uncertain=doubt))
        dashed.append(doubt)
    return draw_faces(image, drawn.boxes, texts, colours, dashed)


def hidden_picture(image: UInt8Array) -> UInt8Array:
    """A picture of which only the coarsest light is left.

    Args:
        image: (H, W, 3) uint8 BGR.

    Returns:
        (H, W, 3) uint8 BGR, a new array.
    """
    height, width = image.shape[:2]
    scale = min(1.0, _HIDDEN_BLOCKS / max(height, width))
    blocks = (max(1, round(width * scale)), max(1, round(height * scale)))
    few = cv2.resize(image, blocks, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(few, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
