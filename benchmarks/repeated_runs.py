"""Writes into a model's card how repeated runs of the same recipes came out.

    EMOTION_LENS_MODELS=/tmp/again python -m emotion_core models promote RUN --name NAME ...
    python benchmarks/repeated_runs.py flagship /tmp/again/NAME ...

Takes the figures from the cards of the folders, so that none is copied by hand, and renders the
model's README. The folders themselves are not needed afterwards. Without a folder, what the card
says of repeated runs is taken out.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from emotion_core.classifiers.card import ModelCard, load_card  # noqa: E402
from emotion_core.classifiers.readme import replace_card  # noqa: E402
from emotion_core.classifiers.registry import ModelRegistry  # noqa: E402
from emotion_core.errors import EmotionLensError  # noqa: E402

#: What may differ: chance, the images that leak, and what the models beside it are called.
FREE = {"seed": 0, "leak_free": True, "teachers": [], "init_from": None}
SPLITS = {"validation", "test", "test_ferplus"}
KEPT = ("n", "accuracy", "accuracy_ci95", "macro_f1", "ece", "n_unseen", "accuracy_unseen")


def repeat(model: ModelCard, again: ModelCard) -> dict[str, Any]:
    """What is kept of a repeated run.

    Raises:
        ValueError: it was trained by other settings than the model, not only from another seed
            or with the images that leak, or is served in another way; or one of the two was not
            trained and measured here.
    """
    for card in (model, again):
        if not isinstance(card.training["recipe"], dict) or SPLITS - set(card.metrics):
            raise ValueError(
                f"{card.name}: wanted a card with the settings of its training and figures for "
                f"{', '.join(sorted(SPLITS))}, as models promote writes it."
            )
    mine, its = ({**card.training["recipe"], **FREE} for card in (model, again))
    differing = sorted(name for name in mine | its if mine.get(name) != its.get(name))
    differing += ["flip_tta"] * (model.flip_tta != again.flip_tta)
    if differing:
        raise ValueError(
            f"{again.name}: wanted a model trained and served like {model.name}; "
            f"these settings differ: {', '.join(differing)}."
        )
    return {
        "seed": again.training["seed"],
        "leak_free": again.training["leak_free"],
        "n_images": again.training["n_images"],
        "seconds": again.training["seconds"],
        "metrics": {
            split: {name: metrics[name] for name in KEPT if name in metrics}
            for split, metrics in again.metrics.items()
        },
    }


def main() -> None:
    """Measures and prints, as the command line asks."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("model", help="a folder of models/")
    parser.add_argument("again", nargs="*", type=Path, help="folders of promoted models")
    arguments = parser.parse_args()
    try:
        registry = ModelRegistry()
        card = registry.card(arguments.model)
        training = {name: told for name, told in card.training.items() if name != "repeated_runs"}
        if repeated := [repeat(card, load_card(folder)) for folder in arguments.again]:
            training["repeated_runs"] = sorted(
                repeated, key=lambda r: (not r["leak_free"], r["seed"])
            )
        card = card.replaced(training=training)
        replace_card(card, registry.own_folder(card.name))
    except (EmotionLensError, ValueError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
