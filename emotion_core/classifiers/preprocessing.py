"""The one place where a crop becomes a tensor, in training and in serving."""

import numpy as np

from emotion_core.types import Float32Array, UInt8Array, checked


def crops_to_tensor(images: UInt8Array) -> Float32Array:
    """Turns crops into the classifier's input.

    The values stay 0-255: scaling is a layer inside the saved model, so that no caller can forget
    it or do it twice.

    Args:
        images: (N, S, S) uint8 gray squares. N may be 0.

    Returns:
        (N, S, S, 1) float32, values 0-255.

    Raises:
        ValueError: another shape or dtype.
    """
    images = checked("crops", images, (None, None, None), np.uint8)
    if images.shape[1] != images.shape[2]:
        raise ValueError(f"crops: wanted squares (N, S, S). Received: {images.shape}")
    return images.astype(np.float32)[..., np.newaxis]
