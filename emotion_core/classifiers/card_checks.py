"""What the values of a model card must be. Every function raises ModelError with want and got."""

import json
import math
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from emotion_core.emotions import LabelSet
from emotion_core.errors import ModelError

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TRAINING_FIELDS: dict[str, tuple[type, ...]] = {
    "dataset": (str,),
    "dataset_sha256": (str,),
    "n_images": (int,),
    "label_source": (str,),
    "epochs": (int,),
    "recipe": (str, dict),
    "seed": (int,),
    "leak_free": (bool,),
}


def need(holds: bool, name: str, wanted: str, value: object) -> None:
    """Raises ModelError unless a condition holds."""
    if not holds:
        raise ModelError(f"{name}: wanted {wanted}. Received: {value!r}")


def check_name(name: object) -> str:
    """A model's name: a plain folder name that every file system takes."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ModelError(
            "name: wanted at most 64 lower case letters, digits, dots, dashes or underscores, "
            f"beginning with a letter or digit. Received: {name!r}"
        )
    return name


def check_text(name: str, value: object) -> None:
    """A text that says something."""
    need(isinstance(value, str) and bool(value.strip()), name, "a text", value)


def check_texts(name: str, value: object) -> tuple[str, ...]:
    """A list of texts, returned as a tuple."""
    if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
        raise ModelError(f"{name}: wanted a list of texts. Received: {value!r}")
    return tuple(value)


def check_labels(labels: tuple[str, ...]) -> None:
    """Emotion names in our own spelling, each once."""
    try:
        names = LabelSet.from_names(labels).names
    except ValueError as error:
        raise ModelError(f"labels: {error}") from error
    need(names == labels, "labels", str(list(names)), list(labels))


def check_count(name: str, value: object) -> None:
    """A whole number above 0."""
    holds = isinstance(value, int) and not isinstance(value, bool) and value > 0
    need(holds, name, "a whole number above 0", value)


def check_number(name: str, value: object, *, above: float | None = None) -> None:
    """A finite number above a bound, or from 0 to 1 where no bound is given."""
    number = _number(value)
    if above is None:
        holds = number is not None and 0 <= number <= 1
        need(holds, name, "a number from 0 to 1", value)
    else:
        holds = number is not None and number > above
        need(holds, name, f"a number above {above:g}", value)


def check_date(name: str, value: object) -> None:
    """A date or time in ISO 8601."""
    try:
        datetime.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ModelError(f"{name}: wanted an ISO 8601 date. Received: {value!r}") from None


def check_metrics(metrics: object) -> dict[str, dict[str, Any]]:
    """{split: metrics} with n, accuracy and its interval in each; returns a copy."""
    checked = {}
    for split, values in plain_object("metrics", metrics).items():
        where = f"metrics.{split}"
        checked[split] = plain_object(where, values)
        check_count(f"{where}.n", values.get("n"))
        check_number(f"{where}.accuracy", values.get("accuracy"))
        interval = values.get("accuracy_ci95")
        bounds = [_number(v) for v in interval] if isinstance(interval, list | tuple) else []
        match bounds:
            case [float(low), float(high)]:
                holds = low <= values["accuracy"] <= high
            case _:
                holds = False
        need(holds, f"{where}.accuracy_ci95", "[low, high] around the accuracy", interval)
    return checked


def check_training(training: object) -> dict[str, Any]:
    """What the model was trained on and how; more than the wanted fields is welcome."""
    checked = plain_object("training", training)
    for name, kinds in _TRAINING_FIELDS.items():
        value = checked.get(name)
        # A bool is an int to Python, but not to a reader of the card.
        holds = isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))
        need(holds, f"training.{name}", " or ".join(kind.__name__ for kind in kinds), value)
    return checked


def check_files(files: object, required: str) -> dict[str, str]:
    """{file name: SHA-256}, all in the model's own folder."""
    checked = plain_object("files", files)
    need(required in checked, "files", f"an entry for {required}", sorted(checked))
    for name, digest in checked.items():
        # "a/b", "..", "C:x" and "a\\b" would lead out of the folder on one system or another.
        is_plain = Path(name).name == name and not set(name) & set('/\\:"<>|?*')
        need(is_plain, "files", "plain file names", name)
        holds = isinstance(digest, str) and _SHA256.fullmatch(digest) is not None
        need(holds, f"files.{name}", "64 hex digits", digest)
    return checked


def plain_object(name: str, value: object) -> dict[str, Any]:
    """A copy of a mapping, made of plain JSON values, which nobody else can change."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ModelError(f"{name}: wanted an object. Received: {value!r}")
    try:
        copy: dict[str, Any] = json.loads(json.dumps(dict(value), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ModelError(f"{name}: wanted plain JSON values. {error}") from error
    return copy


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
