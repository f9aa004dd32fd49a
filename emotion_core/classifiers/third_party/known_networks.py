"""Networks of FER projects whose published weights come without them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emotion_core.emotions import FER2013

if TYPE_CHECKING:
    import keras

#: Folders in alphabetical order.
EMOTION_DETECTION_LABELS = tuple(sorted(FER2013.names))


@dataclass(frozen=True, slots=True)
class KnownNetwork:
    """A network that is recognised by the shapes of its weights.

    Attributes:
        title: what people call it.
        architecture: word for the card.
        build: (side of the input) -> network, from pixels in ``scale`` to 7 outputs.
        labels: order of its outputs.
        scale: key of ``third_party_models.SCALES``.
        size_px: side of the faces that it was trained on.
        any_size: whether its weights also fit faces of another size.
    """

    title: str
    architecture: str
    build: Callable[[int], keras.Model]
    labels: tuple[str, ...]
    scale: str
    size_px: int
    any_size: bool = False


def _emotion_detection(size_px: int) -> keras.Model:
    from emotion_core.classifiers.architectures import build_emotion_cnn

    return build_emotion_cnn(size_px)


def _facial_expression_model(size_px: int) -> keras.Model:
    from keras import Sequential, layers

    return Sequential(
        [
            layers.Input((size_px, size_px, 1)),
            layers.Conv2D(64, 5, activation="relu"),
            layers.MaxPooling2D(5, strides=2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.AveragePooling2D(3, strides=2),
            layers.Conv2D(128, 3, activation="relu"),
            layers.Conv2D(128, 3, activation="relu"),
            layers.AveragePooling2D(3, strides=2),
            layers.Flatten(),
            layers.Dense(1024, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(1024, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(7, activation="softmax"),
        ]
    )


def _mini_xception(size_px: int) -> keras.Model:
    from keras import Model, layers

    def normalised(x: Any, active: bool = True) -> Any:
        x = layers.BatchNormalization()(x)
        return layers.Activation("relu")(x) if active else x

    inputs = layers.Input((size_px, size_px, 1))
    x = inputs
    for _ in range(2):
        x = normalised(layers.Conv2D(8, 3, use_bias=False)(x))
    for width in (16, 32, 64, 128):
        # In the order in which the project makes them: their numbers tell the weights apart.
        side = layers.Conv2D(width, 1, strides=2, padding="same", use_bias=False)(x)
        side = normalised(side, active=False)
        x = normalised(layers.SeparableConv2D(width, 3, padding="same", use_bias=False)(x))
        x = layers.SeparableConv2D(width, 3, padding="same", use_bias=False)(x)
        x = layers.MaxPooling2D(3, strides=2, padding="same")(normalised(x, active=False))
        x = layers.Add()([x, side])
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(7, 3, padding="same")(x))
    return Model(inputs, layers.Activation("softmax", name="predictions")(x))


#: Sources: github.com/atulapra/Emotion-detection; github.com/serengil/tensorflow-101, whose weights
#: deepface uses; github.com/oarriaga/face_classification (Arriaga et al., arXiv 1710.07557).
KNOWN_NETWORKS = (
    KnownNetwork(
        "Emotion-detection",
        "emotion-cnn",
        _emotion_detection,
        EMOTION_DETECTION_LABELS,
        "0-255",  # it divides by itself
        48,
    ),
    KnownNetwork(
        "facial_expression_model (deepface)",
        "third-party (facial_expression_model)",
        _facial_expression_model,
        FER2013.names,
        "0-1",
        48,
    ),
    KnownNetwork(
        "mini_XCEPTION",
        "third-party (mini_XCEPTION)",
        _mini_xception,
        FER2013.names,
        "-1-1",
        64,
        any_size=True,
    ),
)
