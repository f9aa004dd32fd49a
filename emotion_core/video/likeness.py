"""Pictures of faces in an order in which those that look alike stand together.

It tells nobody who somebody is: whoever looks at the pictures says so. What is compared is how a
picture looks as a whole, with hair, clothes and what is behind, as they stay the same from one shot
of a video to the next.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
from scipy.spatial.distance import pdist

from emotion_core.images import resize_image
from emotion_core.types import Float32Array, Int64Array, UInt8Array

#: Side of what is compared, in pixels.
_SIDE_PX = 12
# Of Lab, whose parts 8-bit pictures hold around this.
_GRAY = 128.0
# How much colours count beside light and dark, and the contrast below which a picture has none.
_COLOUR_WEIGHT = 2.0
_LIGHT_SPREAD = 20.0
_LEAST_SPREAD = 8.0


def order_by_likeness(pictures: Sequence[UInt8Array]) -> Int64Array:
    """An order of pictures in which like stands beside like.

    Average linkage, with its leaves ordered so that neighbours differ least (Bar-Joseph et al.
    2001, "Fast optimal leaf ordering for hierarchical clustering").

    Args:
        pictures: N pictures of faces, each (height, width, 3) uint8 BGR.

    Returns:
        (N,) int64, places in ``pictures``.
    """
    if len(pictures) < 3:
        return np.arange(len(pictures), dtype=np.int64)
    distances = pdist(np.stack([_look(picture) for picture in pictures]))
    tree = optimal_leaf_ordering(linkage(distances, "average"), distances)
    return np.asarray(leaves_list(tree), np.int64)


def _look(picture: UInt8Array) -> Float32Array:
    """How a picture looks, whatever the light: colours, and what is lighter or darker than it."""
    small = resize_image(picture, (_SIDE_PX, _SIDE_PX))
    lab = cv2.cvtColor(small, cv2.COLOR_BGR2LAB).astype(np.float32)
    light = lab[..., 0]
    light = (light - light.mean()) / (light.std() + _LEAST_SPREAD) * _LIGHT_SPREAD
    colours = _COLOUR_WEIGHT * (lab[..., 1:] - _GRAY)
    return np.concatenate([light.ravel(), colours.ravel()]).astype(np.float32)
