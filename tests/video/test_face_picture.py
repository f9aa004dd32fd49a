"""Small pictures of faces for lists."""

from pathlib import Path

import numpy as np
import pytest

from emotion_core.errors import VideoError
from emotion_core.images import decode_image
from emotion_core.video.face_picture import SIDE_PX, face_pictures
from tests.video.clips import write_clip


def test_faces_are_cut_out_of_their_own_frames(tmp_path: Path) -> None:
    images = []
    for i in range(20):
        image = np.full((120, 160, 3), 30, np.uint8)
        image[40:80, 60:100] = (0, 0, 200) if i < 10 else (200, 0, 0)
        images.append(image)
    path = write_clip(tmp_path / "clip.mp4", images)
    box = np.array([60, 40, 100, 80], np.float32)
    outside = np.array([500, 500, 540, 540], np.float32)
    found = [decode_image(jpeg) for jpeg in face_pictures(path, [(0.7, box), (0.1, box)])]
    blue, red = (picture[SIDE_PX // 2, picture.shape[1] // 2] for picture in found)
    assert blue[0] > 150 > 60 > blue[2]
    assert red[2] > 150 > 60 > red[0]
    assert found[0].shape[0] == SIDE_PX
    assert found[0][2, 2].max() < 70  # there is room around the face
    assert decode_image(face_pictures(path, [(0.0, outside)])[0]).max() < 20
    assert face_pictures(path, []) == []


def test_without_the_video_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(VideoError):
        face_pictures(tmp_path / "gone.mp4", [(0.0, np.zeros(4, np.float32))])
