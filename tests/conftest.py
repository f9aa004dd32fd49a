"""What every test process needs before anything else."""

# Before TensorFlow: the other way round the process crashes.
import pylibsrtp  # noqa: F401
