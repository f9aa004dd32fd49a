"""``models add``: takes a model folder, or somebody else's model or weights."""

import argparse
from pathlib import Path

from emotion_core.classifiers.card import CARD_FILE, ModelCard
from emotion_core.classifiers.readme import save_with_readme
from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.cli.common import (
    EXIT_DONE,
    Subparsers,
    UsageError,
    local_path,
    message,
    print_json,
    whole_number_from,
)
from emotion_core.datasets import load_dataset
from emotion_core.files.publishing import scratch_folder

_EXAMPLE = """\
python -m emotion_core models add ~/Downloads/my-model
python -m emotion_core models add model.h5 --name mine          # weights of known networks
python -m emotion_core models add fer.h5 --name fer --network fer.json --scale 0-1 --labels ...
python -m emotion_core models add theirs.tflite --name lite --scale -1-1 --labels ...
python -m emotion_core models add theirs.keras --name theirs --scale 0-1 \\
    --labels angry,disgust,fear,happy,neutral,sad,surprise --dataset data/fer2013.parquet"""

# Said of a third-party model; a model folder's card says all of it by itself.
_THIRD_PARTY = (
    "name", "title", "description", "labels", "scale", "size", "licence", "source", "flip_tta",
    "dataset", "network",
)  # fmt: skip


def register(actions: Subparsers) -> None:
    """Adds the action's parser."""
    parser = actions.add_parser(
        "add",
        help="add a model folder or a third-party model to models/",
        description="Copies a model folder (model.tflite, card.json) into models/, or makes one "
        "of a third-party .keras, .h5, .hdf5 or .tflite file or SavedModel folder, of Keras 2 or "
        "3. Weights alone are taken of Emotion-detection, deepface's facial_expression_model and "
        "mini_XCEPTION, or with the JSON of their network. Every network is tried before it is "
        "added; files that carry code are refused.",
        example=_EXAMPLE,
    )
    parser.add_argument(
        "path",
        type=local_path("a model"),
        metavar="PATH",
        help="file or folder on this machine; no addresses",
    )
    parser.add_argument("--json", action="store_true", help="the added card as JSON")
    third_party = parser.add_argument_group("third-party models")
    third_party.add_argument("--name", help="name of the new folder in models/")
    third_party.add_argument("--title", help="name for people (default: the name)")
    third_party.add_argument("--description", help="one or two sentences")
    third_party.add_argument(
        "--labels", metavar="A,B,...", help="emotions in the order of the model's outputs"
    )
    third_party.add_argument(
        "--scale",
        choices=("0-255", "0-1", "-1-1"),
        help="what the model wants pixels to be, as in its own training",
    )
    third_party.add_argument(
        "--size",
        type=whole_number_from(8),
        metavar="PX",
        help="side of the input, if the file leaves it open (default: 48)",
    )
    third_party.add_argument(
        "--network",
        type=Path,
        metavar="FILE",
        help="JSON of the network (model.to_json()), for a file with weights alone",
    )
    third_party.add_argument("--licence", help="licence of the weights")
    third_party.add_argument(
        "--source", action="append", help="where it comes from; may be repeated"
    )
    third_party.add_argument(
        "--flip-tta",
        action="store_true",
        default=None,
        help="horizontal-flip test-time augmentation: average the logits of a face and its mirror "
        "image",
    )
    # Its name in earlier versions.
    third_party.add_argument(
        "--flip-average",
        dest="flip_tta",
        action="store_true",
        default=None,
        help=argparse.SUPPRESS,
    )
    third_party.add_argument(
        "--dataset",
        metavar="PATH",
        help="calibrate on its PublicTest and measure on PrivateTest, for the card",
    )
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Adds a model."""
    registry = ModelRegistry()
    if (args.path / CARD_FILE).is_file():
        given = [name for name in _THIRD_PARTY if getattr(args, name) is not None]
        if given:
            options = ", ".join(f"--{name.replace('_', '-')}" for name in given)
            raise UsageError(
                f"{args.path} is a model folder: its card says all. Leave out {options}."
            )
        card = registry.add(args.path)
    else:
        card = _add_third_party(args, registry)
    if args.json:
        print_json(card.to_dict())
    else:
        message(
            f"Added {card.name}. Use it with --model {card.name}, or make it the default: "
            f"models default {card.name}."
        )
    return EXIT_DONE


def _add_third_party(args: argparse.Namespace, registry: ModelRegistry) -> ModelCard:
    # Here, because measuring and converting need more than a listing does.
    from emotion_core.classifiers.third_party.third_party_models import (
        UNKNOWN_LICENCE,
        ThirdPartyModel,
        build_third_party_folder,
    )
    from emotion_core.evaluation.card_figures import measured_card

    if not args.name:
        raise UsageError(f"{args.path} is no model folder. Give the new model a --name.")
    if args.name in registry.names():
        raise UsageError(f"There already is a model {args.name!r} in {registry.root}.")
    dataset = load_dataset(args.dataset) if args.dataset else None
    told = ThirdPartyModel(
        name=args.name,
        title=args.title or args.name,
        description=args.description or f"Added from {args.path.name}.",
        labels=tuple(part.strip() for part in (args.labels or "").split(",") if part.strip()),
        scale=args.scale or "",
        size_px=args.size or 0,
        network=args.network,
        licence=args.licence or UNKNOWN_LICENCE,
        sources=tuple(args.source or ()),
        flip_tta=bool(args.flip_tta),
    )
    with scratch_folder() as folder:
        card = build_third_party_folder(args.path, told, folder)
        if dataset is not None:
            card = measured_card(folder, card, dataset, by="models add", report=message)
        save_with_readme(card, folder)
        return registry.add(folder)
