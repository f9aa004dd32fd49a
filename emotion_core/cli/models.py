"""``models``: what the shipped models are, how good they are and whether their files are whole."""

import argparse
from collections.abc import Mapping
from typing import Any

from emotion_core.classifiers.card import ModelCard
from emotion_core.classifiers.description import describe_model, trained_epochs
from emotion_core.classifiers.heads import HEAD_MEANINGS
from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.cli import models_add, models_promote
from emotion_core.cli.common import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_PARTLY,
    Subparsers,
    UsageError,
    message,
    print_json,
)
from emotion_core.errors import ModelError
from emotion_core.wording import percent

_EXAMPLE = """\
python -m emotion_core models list
python -m emotion_core models show compact --json
python -m emotion_core models default compact"""


def register(subparsers: Subparsers) -> None:
    """Adds the command's parser."""
    parser = subparsers.add_parser(
        "models",
        help="list, show, add, promote, measure and verify models, choose the default",
        description="The models of models/: list, show, add, promote, measure, verify, default. "
        "Without --model, commands and pages take the default: the one chosen with `models "
        "default NAME`, else flagship, else compact, else the first that this project trained and "
        "measured; never one that was added.",
        example=_EXAMPLE,
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    listing = actions.add_parser(
        "list",
        help="one line per model",
        description="Lists the models with their measured accuracy, size and speed.",
        example="python -m emotion_core models list --markdown",
    )
    form = listing.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="the cards as JSON")
    form.add_argument("--markdown", action="store_true", help="a table for the README")
    listing.set_defaults(func=run_list)

    show = actions.add_parser(
        "show",
        help="everything that is known of one model",
        description="Shows a model's card.",
        example="python -m emotion_core models show compact",
    )
    show.add_argument("name", metavar="NAME")
    show.add_argument("--json", action="store_true", help="the card as JSON")
    show.set_defaults(func=run_show)

    models_add.register(actions)
    models_promote.register(actions)

    verify = actions.add_parser(
        "verify",
        help="compare every file with its card and try every network",
        description="Compares the files of the models with the hashes on their cards, and tries "
        "the networks on pictures. Exit code 1 when something is wrong.",
        example="python -m emotion_core models verify",
    )
    verify.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    verify.add_argument("--json", action="store_true", help="{name: [problems]} as JSON")
    verify.set_defaults(func=run_verify)

    default = actions.add_parser(
        "default",
        help="choose the model that is used where none is named",
        description="Makes a model the default of the commands and pages. Without a name it says "
        "which one is; --reset undoes the choice. The choice stands in models/default.txt.",
        example="python -m emotion_core models default compact",
    )
    default.add_argument("name", nargs="?", metavar="NAME")
    default.add_argument("--reset", action="store_true", help="undo the choice")
    default.set_defaults(func=run_default)


def run_list(args: argparse.Namespace) -> int:
    """Prints one line per model; 1 if a card is broken, 2 without any model."""
    registry = ModelRegistry()
    cards, broken = [], 0
    for name in registry.names():
        try:
            cards.append(registry.card(name))
        except ModelError as error:
            message(str(error))
            broken += 1
    if args.json:
        default = registry.find_default()
        print_json([{"default": card.name == default, **card.to_dict()} for card in cards])
    elif cards:
        rows = _rows(registry, cards)
        print(_markdown(rows) if args.markdown else _aligned(rows))
        if registry.find_default() is None:
            message("No model is the default. Choose one: models default NAME.")
    if not cards:
        message(f"No models in {registry.root}.")
        return EXIT_FAILED
    return EXIT_PARTLY if broken else EXIT_DONE


def run_show(args: argparse.Namespace) -> int:
    """Prints one card."""
    card = ModelRegistry().card(args.name)
    if args.json:
        print_json(card.to_dict())
        return EXIT_DONE
    training = card.training
    lines = {
        "What it is": describe_model(card),
        **({"Use it for": card.use_for} if card.use_for else {}),
        "Name": f"{card.name} ({card.title})",
        "Description": card.description,
        "Labels": ", ".join(card.labels),
        "Input": f"{card.input_size_px}x{card.input_size_px}, {card.input_channels} channel(s), "
        f"framed as {card.crop_framing}",
        "Parameters": f"{card.n_parameters:,}",
        "ms per face": _speed(card),
        **{
            f"Answers ({name})": f"{HEAD_MEANINGS[name]} Uncertain below "
            f"{percent(head.threshold)} (temperature {head.temperature:.2f})"
            for name, head in card.heads.items()
        },
        **{f"Recall ({name})": _recall(card, name) for name in card.heads},
        "Trained on": _training(training),
        "TTA": "horizontal flip" if card.flip_tta else "none",
        **{f"On {split}": _accuracy(card, split) for split in card.metrics},
        "Licence": card.licence,
        "Created": card.created,
    }
    width = max(map(len, lines)) + 2
    for name, text in lines.items():
        print(f"{name + ':':{width}}{text}")
    for source in card.sources:
        print(f"{'Source:':{width}}{source}")
    return EXIT_DONE


def run_verify(args: argparse.Namespace) -> int:
    """Compares files and cards."""
    registry = ModelRegistry()
    names = args.names or registry.names()
    unknown = sorted(set(names) - set(registry.names()))
    if unknown:
        raise UsageError(f"No model {', '.join(unknown)} in {registry.root}.")
    problems = {name: registry.verify(name) for name in names}
    if args.json:
        print_json(problems)
    else:
        for name, found in problems.items():
            print(f"{name}: {'; '.join(found) or 'ok'}")
    if not names:
        message(f"No models in {registry.root}.")
        return EXIT_FAILED
    return EXIT_PARTLY if any(problems.values()) else EXIT_DONE


def run_default(args: argparse.Namespace) -> int:
    """Chooses the default model, or says which one it is."""
    registry = ModelRegistry()
    if args.reset and args.name:
        raise UsageError("--reset undoes the choice; give no NAME with it.")
    if args.reset or args.name:
        registry.choose_default(args.name or "")
    print(registry.default_name())
    return EXIT_DONE


def _training(training: Mapping[str, Any]) -> str:
    if training.get("third_party"):
        return f"not known ({training['recipe']})"
    return (
        f"{training['dataset']}, {training['n_images']:,} images, {training['label_source']} "
        f"labels, {trained_epochs(training)}, "
        + ("leak-free" if training["leak_free"] else "not leak-free")
    )


_UNKNOWN = "not measured"
_HEADER = (
    "model",
    "accuracy (test)",
    "against FER+",
    "macro-F1",
    "macro-F1 against FER+",
    "resting faces misread",
    "calibration error, shifted faces",
    "parameters",
    "ms per face",
    "use it for",
)


def markdown_table(registry: ModelRegistry) -> str:
    """The table of models as it stands in the README.

    Raises:
        ModelError: a card is broken.
    """
    return _markdown(_rows(registry, [registry.card(name) for name in registry.names()]))


def _rows(registry: ModelRegistry, cards: list[ModelCard]) -> list[tuple[str, ...]]:
    """Header and one row per card."""
    default = registry.find_default()
    rows: list[tuple[str, ...]] = [_HEADER]
    for card in cards:
        own = card.test_figures(card.own_labels)
        resting = (own.get("resting_misread") or {}).get("majority")
        shifted = own.get("ece_shifted")
        rows.append(
            (
                card.name + (" (default)" if card.name == default else ""),
                _accuracy(card, "test"),
                _accuracy(card, "test_ferplus"),
                _share(card.test_figures("fer2013").get("macro_f1")),
                _share(card.test_figures("raters").get("macro_f1")),
                _share(resting),
                _share(shifted),
                f"{card.n_parameters:,}",
                _speed(card),
                card.use_for or "-",
            )
        )
    return rows


def _share(share: float | None) -> str:
    return _UNKNOWN if share is None else percent(share, 1)


def _recall(card: ModelCard, labels: str) -> str:
    """How many faces of each expression a head recognises, on the test images."""
    per_class = card.test_figures(labels).get("per_class", {})
    known = [name for name in card.labels if name in per_class]
    return ", ".join(f"{n} {percent(per_class[n]['recall'])}" for n in known) or _UNKNOWN


def _accuracy(card: ModelCard, split: str) -> str:
    """A share with its interval and n, e.g. "66.2 % (64.6 to 67.7, n 3,589)"."""
    metrics = card.metrics.get(split)
    if not metrics:
        return _UNKNOWN
    low, high = (f"{100 * bound:.1f}" for bound in metrics["accuracy_ci95"])
    return f"{percent(metrics['accuracy'], 1)} ({low} to {high}, n {metrics['n']:,})"


def _speed(card: ModelCard) -> str:
    return _UNKNOWN if card.ms_per_face is None else f"{card.ms_per_face:.2f}"


def _aligned(rows: list[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _markdown(rows: list[tuple[str, ...]]) -> str:
    rule = tuple("---" for _ in _HEADER)
    return "\n".join("| " + " | ".join(row) + " |" for row in [rows[0], rule, *rows[1:]])
