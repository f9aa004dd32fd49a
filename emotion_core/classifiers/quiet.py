"""Imports TensorFlow without its talk."""

import functools
import importlib
import os
import sys

from emotion_core.extras import need
from emotion_core.native_messages import quiet

#: Levels of TensorFlow's messages once it has started: errors only.
_LEVEL = ("TF_CPP_MIN_LOG_LEVEL", "2")


@functools.cache
def load_tensorflow() -> None:
    """Imports Keras and its backend without their talk. Takes seconds the first time.

    Whoever imports Keras or TensorFlow calls this before.

    Raises:
        MissingExtraError: Keras is not installed.
    """
    need("keras", "This")
    os.environ.setdefault(*_LEVEL)
    with quiet():
        importlib.import_module("keras")
        # Looks for graphics cards, which TensorFlow otherwise does, and talks of, at its first
        # use. With another backend it may not be there.
        if "tensorflow" in sys.modules:
            import tensorflow as tf

            tf.config.list_physical_devices()
