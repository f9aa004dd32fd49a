"""Decides in which form models are exported to LiteRT: time per face and parity of each form.

    python benchmarks/export_modes.py [MODEL.keras ...] [--dataset data/fer2013.parquet] [--json]

Every form of every model is timed in turns in the same run, on one thread; the shortest of many
turns counts, because a busy machine can only add to it. Parity compares probabilities with the
Keras model on PublicTest. Without arguments: the models of `models/`.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, get_args

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from emotion_core.classifiers.card import load_card  # noqa: E402
from emotion_core.classifiers.export import (  # noqa: E402
    ExportMode,
    export_litert,
    load_keras,
    parity,
)
from emotion_core.classifiers.heads import Head  # noqa: E402
from emotion_core.classifiers.litert_network import LiteRTNetwork  # noqa: E402
from emotion_core.classifiers.preprocessing import crops_to_tensor  # noqa: E402
from emotion_core.datasets import TRAINING, VALIDATION, default_dataset_path, load_dataset  # noqa: E402
from emotion_core.types import Float32Array, UInt8Array  # noqa: E402

BATCHES = (1, 8, 16)
MODES: tuple[ExportMode, ...] = get_args(ExportMode)
_CALIBRATION_FACES = 300


def time_in_turns(
    networks: dict[tuple[str, str], LiteRTNetwork], faces: UInt8Array, rounds: int
) -> dict[tuple[str, str, int], float]:
    """{(model, mode, batch): milliseconds per face}."""
    tensors: dict[int, Float32Array] = {n: crops_to_tensor(faces[:n]) for n in BATCHES}
    shortest: dict[tuple[str, str, int], float] = {}
    for _ in range(rounds):
        for (model, mode), network in networks.items():
            for batch, tensor in tensors.items():
                network.run(tensor)  # the change of the batch size is not what is timed
                calls = max(1, BATCHES[-1] // batch)
                began = time.perf_counter()
                for _ in range(calls):
                    network.run(tensor)
                per_face_ms = 1000 * (time.perf_counter() - began) / calls / batch
                key = model, mode, batch
                shortest[key] = min(per_face_ms, shortest.get(key, per_face_ms))
    return shortest


def measure(paths: list[Path], dataset_path: Path, rounds: int) -> list[dict[str, Any]]:
    """One row per model and mode."""
    dataset = load_dataset(dataset_path)
    held_out = dataset.split(VALIDATION)
    calibration = dataset.split(TRAINING).images[:_CALIBRATION_FACES]
    rows: list[dict[str, Any]] = []
    networks: dict[tuple[str, str], LiteRTNetwork] = {}
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            name = path.parent.name if path.name == "model.keras" else path.stem
            model = load_keras(path)
            heads = _heads(path)
            judged = heads.get("fer2013")
            own = slice(judged.first, judged.first + judged.outputs) if judged else slice(None)
            for mode in MODES:
                file = Path(folder) / f"{name}-{mode}.tflite"
                export_litert(model, file, mode=mode, representative=calibration)
                report = parity(model, file, held_out.images, heads=tuple(heads.values()))
                network = LiteRTNetwork(file.read_bytes())
                networks[name, mode] = network
                logits = network.run(crops_to_tensor(held_out.images))
                rows.append(
                    {
                        "model": name,
                        "mode": mode,
                        "mb": file.stat().st_size / 1e6,
                        "accuracy": float(
                            np.mean(logits[:, own].argmax(axis=1) == held_out.labels)
                        ),
                        "agreement": report.agreement,
                        "max_abs_diff": report.max_abs_diff,
                        "mean_abs_diff": report.mean_abs_diff,
                    }
                )
    times = time_in_turns(networks, held_out.images, rounds)
    for row in rows:
        row["ms_per_face"] = {
            str(batch): times[row["model"], row["mode"], batch] for batch in BATCHES
        }
    return rows


def _heads(path: Path) -> dict[str, Head]:
    """The groups of outputs of a model's card, where it has one."""
    if not path.with_name("card.json").exists():
        return {}
    return dict(load_card(path.parent).heads)


def as_table(rows: list[dict[str, Any]]) -> str:
    """The rows as text in columns: one line per model and mode."""
    lines = [
        f"{'model':18}{'mode':9}{'MB':>6}"
        + "".join(f"{f'ms, batch {batch}':>13}" for batch in BATCHES)
        + f"{'accuracy':>10}{'agreement':>11}{'max diff':>10}{'mean diff':>11}"
    ]
    for row in rows:
        lines.append(
            f"{row['model']:18}{row['mode']:9}{row['mb']:6.1f}"
            + "".join(f"{row['ms_per_face'][str(batch)]:13.3f}" for batch in BATCHES)
            + f"{row['accuracy']:10.4f}{row['agreement']:11.4f}"
            + f"{row['max_abs_diff']:10.4f}{row['mean_abs_diff']:11.5f}"
        )
    return "\n".join(lines)


def main() -> None:
    """Measures and prints, as the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("models", nargs="*", type=Path, metavar="MODEL.keras")
    parser.add_argument("--dataset", type=Path, default=default_dataset_path())
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    paths = args.models or sorted((ROOT / "models").glob("*/model.keras"))
    if not paths:
        parser.error("no models: name .keras files")
    rows = measure(paths, args.dataset, args.rounds)
    print(json.dumps(rows, indent=2) if args.json else as_table(rows))


if __name__ == "__main__":
    main()
