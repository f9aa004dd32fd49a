"""One viewer's live stream, from frames to figures and recordings."""

# Before TensorFlow: the other way round the process crashes as soon as video starts.
import pylibsrtp  # noqa: F401
