"""The networks. Each takes pixels in 0-255 (scaling is a layer inside) and returns logits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # Keras takes seconds to import and serving never needs it
    import keras

# Source for the kernel initialiser: He et al., arXiv 1502.01852.
_HE = "he_normal"


def build_emotion_cnn(size_px: int = 48, channels: int = 1, n_classes: int = 7) -> keras.Model:
    """The 4-layer CNN of the project Emotion-detection (2.3 M parameters).

    32-64-pool-128-pool-128-pool convolutions of 3x3 without padding, a dense layer of 1024, and
    dropout .25/.25/.5.

    Source: https://github.com/atulapra/Emotion-detection (63.2 % on PublicTest and PrivateTest
    merged).

    Args:
        size_px: side of the square input.
        channels: 1 for gray.
        n_classes: number of outputs.

    Returns:
        A model from (N, size_px, size_px, channels) float32 in 0-255 to (N, n_classes) logits.
    """
    from keras import Model, layers

    inputs = layers.Input((size_px, size_px, channels), name="pixels")
    x = layers.Rescaling(1 / 255)(inputs)
    x = layers.Conv2D(32, 3, activation="relu")(x)
    x = layers.Conv2D(64, 3, activation="relu")(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Dropout(0.25)(x)
    x = layers.Conv2D(128, 3, activation="relu")(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(128, 3, activation="relu")(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Dropout(0.25)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(1024, activation="relu", name="features")(x)
    x = layers.Dropout(0.5)(x)
    return Model(inputs, layers.Dense(n_classes, name="logits")(x), name="emotion_cnn")


def build_mini_xception(
    size_px: int | None = 48, channels: int = 1, n_classes: int = 7
) -> keras.Model:
    """Mini-Xception (58 k parameters): residual separable convolutions, no dense layer.

    Source: Arriaga et al., arXiv 1710.07557.

    Args:
        size_px: side of the square input; None for any size.
        channels: 1 for gray.
        n_classes: number of outputs.

    Returns:
        A model from (N, size_px, size_px, channels) float32 in 0-255 to (N, n_classes) logits.
    """
    from keras import Model, layers

    inputs = layers.Input((size_px, size_px, channels), name="pixels")
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(inputs)
    for _ in range(2):
        x = _conv_bn(x, 8, 3)
    for width in (16, 32, 64, 128):
        shortcut = _conv_bn(x, width, 1, strides=2, activation=False)
        x = layers.SeparableConv2D(width, 3, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.ReLU()(x)
        x = layers.SeparableConv2D(width, 3, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
        x = layers.Add()([x, shortcut])
    x = layers.Conv2D(n_classes, 3, padding="same")(x)
    outputs = layers.GlobalAveragePooling2D(name="logits")(x)
    return Model(inputs, outputs, name="mini_xception")


def build_compact(size_px: int | None = 48, channels: int = 1, n_classes: int = 7) -> keras.Model:
    """A residual network of 1.9 M parameters and 70 M multiplications per 48x48 face.

    The first layer halves the picture, so that everything happens at 24x24 and below, where a CPU
    is fast (a thin full-resolution layer before it cost 14 % of the training speed). ReLU
    throughout, so that the 8-bit kernels of LiteRT fit.

    Source: residual blocks, He et al., arXiv 1512.03385; squeeze-and-excitation, Hu et al.,
    arXiv 1709.01507; widths and depths are this project's own.

    Args:
        size_px: side of the square input; None for any size.
        channels: 1 for gray.
        n_classes: number of outputs.

    Returns:
        A model from (N, size_px, size_px, channels) float32 in 0-255 to (N, n_classes) logits.
    """
    return _residual_network("compact", 32, 0.3, size_px, channels, n_classes)


def build_flagship(size_px: int | None = 48, channels: int = 1, n_classes: int = 7) -> keras.Model:
    """The compact network one and a half times as wide: 4.3 M parameters.

    Args:
        size_px: side of the square input; None for any size.
        channels: 1 for gray.
        n_classes: number of outputs.

    Returns:
        A model from (N, size_px, size_px, channels) float32 in 0-255 to (N, n_classes) logits.
    """
    return _residual_network("flagship", 48, 0.4, size_px, channels, n_classes)


#: Channels between the two convolutions of each block of ``flagship-lean``, chosen by what leaving
#: the others out does to PublicTest (benchmarks/experiments.md).
LEAN_MIDDLES = (48, 80, 96, 152, 160, 176, 224)


def build_residual(
    middles: Sequence[int], size_px: int | None = 48, channels: int = 1, n_classes: int = 7
) -> keras.Model:
    """The flagship with other widths in the middle of its blocks.

    Args:
        middles: channels between the two convolutions of each of the seven blocks.
        size_px: side of the square input; None for any size.
        channels: 1 for gray.
        n_classes: number of outputs.

    Returns:
        A model from (N, size_px, size_px, channels) float32 in 0-255 to (N, n_classes) logits.
    """
    return _residual_network(
        "flagship_lean", 48, 0.4, size_px, channels, n_classes, middles=middles
    )


def _residual_network(
    name: str,
    width: int,
    dropout: float,
    size_px: int | None,
    channels: int,
    n_classes: int,
    *,
    middles: Sequence[int] = (),
) -> keras.Model:
    """Seven residual blocks of ``width`` to ``8 * width`` channels, and as many in their middle."""
    from keras import Model, layers

    between = iter(middles)

    inputs = layers.Input((size_px, size_px, channels), name="pixels")
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(inputs)
    x = _conv_bn(x, width, 5, strides=2)
    for factor, blocks, strides in ((1, 1, 1), (2, 2, 2), (4, 3, 2), (8, 1, 2)):
        for block in range(blocks):
            outside = factor * width
            x = _residual(x, outside, strides if block == 0 else 1, next(between, outside))
    x = layers.GlobalAveragePooling2D(name="features")(x)
    x = layers.Dropout(dropout)(x)
    # Logits in float32 whatever the layers before calculate in: a loss needs their digits.
    logits = layers.Dense(n_classes, name="logits", dtype="float32")(x)
    return Model(inputs, logits, name=name)


def _conv_bn(x: Any, width: int, kernel: int, strides: int = 1, activation: bool = True) -> Any:
    from keras import layers

    x = layers.Conv2D(
        width, kernel, strides, padding="same", use_bias=False, kernel_initializer=_HE
    )(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU()(x) if activation else x


def _residual(x: Any, width: int, strides: int, middle: int) -> Any:
    """Two 3x3 convolutions with squeeze-and-excitation, added to the shortcut."""
    from keras import layers

    shortcut = x
    if strides != 1 or x.shape[-1] != width:
        if strides != 1:
            shortcut = layers.AveragePooling2D(strides, padding="same")(shortcut)
        shortcut = _conv_bn(shortcut, width, 1, activation=False)
    x = _conv_bn(x, middle, 3, strides=strides)
    x = _conv_bn(x, width, 3, activation=False)
    squeezed = layers.GlobalAveragePooling2D(keepdims=True)(x)
    squeezed = layers.Conv2D(max(8, width // 8), 1, activation="relu")(squeezed)
    squeezed = layers.Conv2D(width, 1, activation="sigmoid")(squeezed)
    x = layers.Multiply()([x, squeezed])
    return layers.ReLU()(layers.Add()([x, shortcut]))


#: Name on the command line -> builder.
ARCHITECTURES: dict[str, Callable[..., keras.Model]] = {
    "emotion-cnn": build_emotion_cnn,
    "mini-xception": build_mini_xception,
    "compact": build_compact,
    "flagship": build_flagship,
    "flagship-lean": partial(build_residual, LEAN_MIDDLES),
}

#: Architectures that accept any input size, because nothing in them depends on it.
FULLY_CONVOLUTIONAL = frozenset({"mini-xception", "compact", "flagship", "flagship-lean"})


def build_model(
    name: str, *, size_px: int | None = 48, channels: int = 1, n_classes: int = 7
) -> keras.Model:
    """Builds an untrained network by its name.

    Args:
        name: one of ``ARCHITECTURES``.
        size_px: side of the square input; None (any size) for fully convolutional ones only.
        channels: 1 for gray.
        n_classes: number of outputs.

    Returns:
        A model from (N, size_px, size_px, channels) float32 in 0-255 to (N, n_classes) logits.

    Raises:
        ValueError: the name is unknown, or the architecture needs a size.
    """
    if name not in ARCHITECTURES:
        wanted = ", ".join(ARCHITECTURES)
        raise ValueError(f"Unknown architecture. Wanted one of: {wanted}. Received: {name!r}")
    if size_px is None and name not in FULLY_CONVOLUTIONAL:
        raise ValueError(f"The architecture {name} needs an input size. Received: None")
    return ARCHITECTURES[name](size_px=size_px, channels=channels, n_classes=n_classes)
