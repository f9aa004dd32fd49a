"""How long a run will take, from a few seconds of it, measured."""

import time
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from emotion_core.datasets import EmotionDataset
from emotion_core.schema.value_types import Number, WholeNumber
from emotion_core.training.config import TrainingConfig
from emotion_core.training.data import prepare

# Measured seconds per face size; long enough for 1.5 % between repeats on a quiet machine.
_MEASURE_S = 3.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run is expected to take on this machine, as busy as it was during the probe.

    Attributes:
        samples_per_s: images per second over the whole run, input included.
        seconds_per_epoch: of the first epoch, judging included.
        seconds_total: from start to end.
        n_images: images per epoch.
    """

    samples_per_s: Annotated[float, Number(0, 1e12)]
    seconds_per_epoch: Annotated[float, Number(0, 1e12)]
    seconds_total: Annotated[float, Number(0, 1e12)]
    n_images: Annotated[int, WholeNumber(0, 10**12)]


def measure(config: TrainingConfig, dataset: EmotionDataset) -> dict[str, Any]:
    """Trains for some seconds in this process.

    Returns:
        The fields of ``Estimate``.

    Raises:
        TrainingError: the data set cannot be used.
    """
    data = prepare(config, dataset)
    began = time.monotonic()
    # Here, because Keras takes seconds to import.
    from emotion_core.classifiers.quiet import load_tensorflow

    load_tensorflow()
    from emotion_core.training.fit import measure_speed

    full_px = dataset.size_px
    sizes = [config.size_at(epoch, full_px) for epoch in range(config.epochs)]
    speeds = {size: measure_speed(config, data, size, _MEASURE_S) for size in dict.fromkeys(sizes)}
    # What building takes is paid once per size in the run, too.
    build_s = time.monotonic() - began - _MEASURE_S * len(speeds)
    n = len(data.rows)
    epochs_s = [n / speeds[size].samples_per_s + speeds[size].judge_s for size in sizes]
    return asdict(
        Estimate(
            samples_per_s=round(
                n * len(sizes) / sum(n / speeds[s].samples_per_s for s in sizes), 1
            ),
            seconds_per_epoch=round(epochs_s[0], 1),
            seconds_total=round(sum(epochs_s) + max(0.0, build_s), 1),
            n_images=n,
        )
    )
