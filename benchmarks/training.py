"""Throughput of training: our trainer beside a minimal Keras script, the same network and data.

Four processes train Emotion-detection's 4-layer CNN in batches of 64, one after the other, round
by round, so that whatever else the machine does falls on all of them:

- ``trainer``: this project's, with augmentation, as ``train`` runs it;
- ``network``: the same without input: one batch over and over;
- ``keras``: a script as people write it: arrays in memory, ``model.fit``, no augmentation;
- ``keras-no-xla``: the same with ``jit_compile=False``, which few people know to set.

Run it from the project's folder::

    python benchmarks/training.py --json
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

CONTENDERS = ("trainer", "network", "keras", "keras-no-xla")
_BATCH = 64


def main() -> None:
    """Measures and prints, as the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", default="", help="Parquet file, or the word synthetic")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6.0, help="per contender and round")
    parser.add_argument("--json", action="store_true", help="machine-readable output")
    parser.add_argument("--worker", choices=CONTENDERS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        _work(args.worker, args.dataset, args.seconds)
        return
    rounds = _compare(args.dataset, args.rounds, args.seconds)
    speeds = {name: statistics.median(row[name] for row in rounds) for name in CONTENDERS}
    result = {
        "samples_per_s": {name: round(value, 1) for name, value in speeds.items()},
        "ratio_to_keras": _ratio(rounds, "trainer", "keras"),
        "ratio_to_keras_no_xla": _ratio(rounds, "trainer", "keras-no-xla"),
        "ratio_to_network_alone": _ratio(rounds, "trainer", "network"),
        "rounds": [{name: round(v, 1) for name, v in row.items()} for row in rounds],
        "cpus": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
    }
    if args.json:
        print(json.dumps(result, indent=2))
        return
    for name, value in speeds.items():
        print(f"{name:14s} {value:7.1f} images/s")
    print(f"trainer / keras: {result['ratio_to_keras']}")
    print(f"trainer / keras-no-xla: {result['ratio_to_keras_no_xla']}")
    print(f"trainer / network alone: {result['ratio_to_network_alone']}")


def _ratio(rounds: list[dict[str, float]], one: str, other: str) -> float:
    """Median over the rounds of two speeds measured right after each other."""
    return round(statistics.median(row[one] / row[other] for row in rounds), 3)


def _compare(dataset: str, rounds: int, seconds: float) -> list[dict[str, float]]:
    line = [sys.executable, __file__, "--dataset", dataset, "--seconds", str(seconds)]
    workers = {}
    try:
        for name in CONTENDERS:
            workers[name] = subprocess.Popen(
                [*line, "--worker", name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            _ask(workers[name])  # builds the graph; does not count
        return [{name: _ask(worker) for name, worker in workers.items()} for _ in range(rounds)]
    finally:
        for worker in workers.values():
            worker.kill()
            worker.communicate()


def _ask(worker: "subprocess.Popen[str]") -> float:
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write("go\n")
    worker.stdin.flush()
    answer = worker.stdout.readline()
    if not answer:
        raise SystemExit("A worker ended; what it said stands above.")
    return float(answer)


def _work(name: str, dataset: str, seconds: float) -> None:
    """Measures whenever a line comes in and prints images per second."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    measure = _keras_script(dataset, name == "keras") if name.startswith("keras") else None
    measure = measure or _trainer(dataset, with_input=name == "trainer")
    for _ in sys.stdin:
        print(measure(seconds), flush=True)


def _trainer(dataset: str, *, with_input: bool) -> Callable[[float], float]:
    from emotion_core.datasets import load_dataset
    from emotion_core.training.augmentation import Augmentation
    from emotion_core.training.batches import TrainingBatches
    from emotion_core.training.callbacks import Stopwatch
    from emotion_core.training.data import prepare
    from emotion_core.training.fit import compiled_model, make_repeatable
    from emotion_core.training.presets import PRESETS

    config = PRESETS["emotion-detection"].with_values({"augmentation": Augmentation()})
    data = prepare(config, load_dataset(dataset or None))
    make_repeatable(config.seed)
    batches = TrainingBatches(data, _BATCH, config.augmentation, config.seed, 0, 48)
    model = compiled_model(config, 48, len(data.rows.label_set), 10**4)
    source: Any = batches
    if not with_input:
        source = _one_batch(batches[0])

    def measure(seconds: float) -> float:
        clock = Stopwatch(seconds)
        model.fit(source, steps_per_epoch=10**6, shuffle=False, callbacks=[clock], verbose=0)
        return _BATCH / clock.s_per_batch

    return measure


def _one_batch(batch: tuple[Any, ...]) -> Any:
    """The same tensors over and over, without any work for the input."""
    import tensorflow as tf

    return tf.data.Dataset.from_tensors(batch).repeat()


def _keras_script(dataset: str, xla: bool) -> Callable[[float], float]:
    """What a minimal script does.

    Source: https://github.com/atulapra/Emotion-detection
    """
    import keras
    import numpy as np
    from keras import layers

    from emotion_core.datasets import TRAINING, load_dataset
    from emotion_core.training.callbacks import Stopwatch

    rows = load_dataset(dataset or None).split(TRAINING)
    images = rows.images[..., None].astype("float32") / 255
    labels = np.eye(7, dtype="float32")[rows.labels]
    model = keras.Sequential(
        [
            layers.Input((48, 48, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
            layers.Conv2D(128, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(128, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(1024, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(7, activation="softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(1e-4),
        "categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile="auto" if xla else False,
    )

    def measure(seconds: float) -> float:
        clock = Stopwatch(seconds)
        model.fit(images, labels, batch_size=_BATCH, epochs=99, callbacks=[clock], verbose=0)
        return _BATCH / clock.s_per_batch

    return measure


if __name__ == "__main__":
    main()
