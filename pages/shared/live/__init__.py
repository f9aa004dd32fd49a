"""The live page's parts. Everything that runs on the media thread knows nothing of Streamlit."""

# Before TensorFlow: the other way round the process crashes as soon as video starts.
import pylibsrtp  # noqa: F401
