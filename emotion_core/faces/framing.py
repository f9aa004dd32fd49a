"""How a detector's findings become the squares that FER-2013 shows.

FER-2013 was cut out with OpenCV's Haar cascade, so its pictures show a face from above the brows
to just below the chin. Other detectors draw other boxes. The constants say where their boxes and
landmarks lie inside FER-2013's squares; they are medians over FER-2013 Training pictures, printed
with their spread by `python benchmarks/framing.py`. On 34 faces of 26 photos the squares that they
give agree with those by the Haar cascade itself: the median side to 1 %, the median overlap is
0.90 (intersection over union); between the neural detectors it is 0.93 on 48 faces.
"""

from dataclasses import dataclass

import numpy as np

from emotion_core.geometry import square_to_crop_matrix
from emotion_core.types import FaceDetections, Float32Array

# Roll, the tilt of a face in the picture. FER-2013's faces were not levelled: their roll has a
# standard deviation of 9 degrees and 95 % lie within 20 (benchmarks/framing.py). So small tilts
# stay, large ones are undone, with a ramp between so that nothing jumps when a head moves.
_LEVEL_FROM_DEG = 8.0
_LEVEL_FULLY_DEG = 16.0


@dataclass(frozen=True, slots=True)
class CropFraming:
    """Where a detector's box and landmarks lie in a FER-2013 square.

    Positions are in units of the square's side, from its upper left corner.

    Attributes:
        name: for model cards and messages.
        box_side: square root of the box's area.
        box_centre: the box's centre.
        landmark_side: length of the diagonal over eye distance and eye-mouth distance; 0 if the
            detector gives no landmarks.
        landmark_centre: the point midway between eyes and mouth.
    """

    name: str
    box_side: float
    box_centre: tuple[float, float]
    landmark_side: float = 0.0
    landmark_centre: tuple[float, float] = (0.5, 0.5)


# Measured on 1,000 FER-2013 Training pictures, of which the detectors found 970, 861 and 728:
# medians of `python benchmarks/framing.py --n 1000`. The middle 68 % of the box sides lie within
# 14 % of the median, those of the centres within 0.05.
YUNET_FRAMING = CropFraming("yunet", 0.909, (0.499, 0.512), 0.541, (0.500, 0.580))
MTCNN_FRAMING = CropFraming("mtcnn", 0.928, (0.490, 0.507), 0.549, (0.505, 0.587))
HAAR_FRAMING = CropFraming("haar", 0.964, (0.500, 0.500))


def _axes(landmarks: Float32Array) -> tuple[Float32Array, Float32Array, Float32Array]:
    """Middle of the face, the vector between the eyes and that from eyes to mouth, (N, 2) each."""
    eyes = landmarks[:, :2].mean(axis=1)
    mouth = landmarks[:, 3:].mean(axis=1)
    return (eyes + mouth) / 2, landmarks[:, 1] - landmarks[:, 0], mouth - eyes


def face_roll_deg(landmarks: Float32Array) -> Float32Array:
    """Tilt of faces in the picture, clockwise on the screen.

    The line between the eyes and the one across it from eyes to mouth count by their lengths:
    in a profile the eyes lie too close together to tell.

    Args:
        landmarks: (N, 5, 2) float32.

    Returns:
        (N,) float32, degrees in -180 to 180.
    """
    _, between, down = _axes(landmarks)
    x = between[:, 0] + down[:, 1]
    y = between[:, 1] - down[:, 0]
    return np.asarray(np.degrees(np.arctan2(y, x)), dtype=np.float32)


def levelling_deg(roll_deg: Float32Array) -> Float32Array:
    """(N,) float32, how far faces of that roll are turned back for the crop."""
    size = np.abs(roll_deg)
    ramp = (size - _LEVEL_FROM_DEG) / (_LEVEL_FULLY_DEG - _LEVEL_FROM_DEG)
    return (roll_deg * np.clip(ramp, 0, 1)).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class FaceSquares:
    """The squares to cut out.

    Attributes:
        centres: (N, 2) float32, xy pixels.
        sides_px: (N,) float32.
        angles_deg: (N,) float32, tilt of the square, clockwise on the screen.
    """

    centres: Float32Array
    sides_px: Float32Array
    angles_deg: Float32Array

    def matrices(self, size_px: int) -> Float32Array:
        """(N, 2, 3) float32, affine matrices from picture pixels to crops of a size."""
        if not len(self.sides_px):
            return np.zeros((0, 2, 3), np.float32)
        angles = np.radians(self.angles_deg)
        return np.stack(
            [
                square_to_crop_matrix(centre, float(side), size_px, float(angle))
                for centre, side, angle in zip(self.centres, self.sides_px, angles, strict=True)
            ]
        )

    def corners(self) -> Float32Array:
        """(N, 4, 2) float32, clockwise from the upper left."""
        angles = np.radians(self.angles_deg)
        right = np.stack([np.cos(angles), np.sin(angles)], axis=1) * self.sides_px[:, None] / 2
        down = np.stack([-right[:, 1], right[:, 0]], axis=1)
        steps = ((-right - down), (right - down), (right + down), (down - right))
        return np.stack([self.centres + step for step in steps], axis=1).astype(np.float32)


def face_squares(
    detections: FaceDetections, framing: CropFraming, size_px: tuple[int, int]
) -> FaceSquares:
    """Finds the FER-2013 square of each face.

    The side comes from the box and the centre from the landmarks: against the Haar cascade on
    photos the landmarks' centre is off by 2 % of the side where the box's is off by 6 % (a turned
    head fills the box with hair and ear), while the box's side is the steadier one (in FER-2013 it
    varies by 15 %, the landmarks' by 18 %).

    Args:
        detections: faces of an upright picture.
        framing: of the detector that found them.
        size_px: (width, height) of the picture.
    """
    boxes = detections.boxes
    sides = np.sqrt(np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 1), axis=1)) / framing.box_side
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    if detections.landmarks.shape[1] != 5 or not framing.landmark_side:
        offset = (0.5 - np.array(framing.box_centre, np.float32)) * sides[:, None]
        return FaceSquares((centres + offset).astype(np.float32), sides, np.zeros_like(sides))
    middle, between, down = _axes(detections.landmarks)
    # A box that was cut off at the picture's edge is too small; the landmarks are not.
    width, height = size_px
    cut = ((boxes[:, :2] <= 0) | (boxes[:, 2:] >= (width, height))).any(axis=1)
    diagonal = np.sqrt((between**2).sum(axis=1) + (down**2).sum(axis=1))
    sides = np.where(cut, np.maximum(sides, diagonal / framing.landmark_side), sides)
    roll = face_roll_deg(detections.landmarks)
    angles = np.radians(roll)
    x, y = ((0.5 - np.array(framing.landmark_centre, np.float32)) * sides[:, None]).T
    offset = np.stack(
        [x * np.cos(angles) - y * np.sin(angles), x * np.sin(angles) + y * np.cos(angles)], axis=1
    )
    return FaceSquares(
        (middle + offset).astype(np.float32), sides.astype(np.float32), levelling_deg(roll)
    )
