"""One run on several processes or machines, through JAX and Keras' data parallelism.

Every process makes the same batches and trains on its own rows of each; gradients are summed over
all, so that the weights stay equal everywhere. Process 0 writes the run folder; the others work
in a copy that is thrown away.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from emotion_core.errors import TrainingError
from emotion_core.files.publishing import scratch_folder
from emotion_core.training.config import TrainingConfig


@dataclass(frozen=True, slots=True)
class Part:
    """Which of how many processes this one is."""

    process: int = 0
    processes: int = 1

    def rows(self, n: int) -> slice:
        """The rows of a batch of n that this process trains on."""
        share = n // self.processes
        return slice(self.process * share, (self.process + 1) * share)


_part = Part()


def own_part() -> Part:
    """What ``join_cluster`` said; the only process of one without it."""
    return _part


def join_cluster(coordinator: str, process: int, processes: int) -> None:
    """Meets the other processes. Call it before anything of Keras is used.

    Args:
        coordinator: ``host:port`` of process 0, reachable by all.
        process: number of this process, from 0.
        processes: how many there are.

    Raises:
        TrainingError: JAX is not installed, Keras runs on another backend, or the others did not
            come.
    """
    global _part
    if not 0 <= process < processes:
        raise TrainingError(f"--process: wanted 0 to {processes - 1}. Received: {process}")
    if os.environ.setdefault("KERAS_BACKEND", "jax") != "jax":
        raise TrainingError("Several processes want KERAS_BACKEND=jax, or none in the environment.")
    try:
        import jax
    except ImportError as error:
        raise TrainingError(
            "Several processes want JAX, which is not installed: pip install jax"
        ) from error
    from emotion_core.classifiers.quiet import load_tensorflow

    load_tensorflow()
    import keras

    try:
        # On processors the sums go through Gloo; graphics cards use their own library.
        jax.config.update("jax_cpu_collectives_implementation", "gloo")
        jax.distributed.initialize(coordinator, processes, process)
        keras.distribution.set_distribution(
            keras.distribution.DataParallel(auto_shard_dataset=False)
        )
    except (RuntimeError, ValueError) as error:
        raise TrainingError(f"Process {process} could not join {coordinator}: {error}") from error
    _part = Part(process, processes)


def check_divides(config: TrainingConfig) -> None:
    """Raises TrainingError when a batch cannot be shared out evenly."""
    if config.batch_size % _part.processes:
        raise TrainingError(
            f"batch_size: wanted a multiple of the {_part.processes} processes. "
            f"Received: {config.batch_size}"
        )


@contextmanager
def own_folder(run_dir: Path) -> Iterator[Path]:
    """The run folder for process 0, for the others a copy that is deleted at the end."""
    if _part.process == 0:
        yield run_dir
        return
    with scratch_folder() as temporary:
        copy = temporary / run_dir.name
        if (run_dir / "checkpoint").is_dir():
            shutil.copytree(run_dir, copy)
        yield copy
