"""Names that recipes, run folders and cards of earlier versions use, and what they are called now.

Reading takes both; writing always uses the new ones.
"""

from collections.abc import Mapping
from typing import Any

#: Keys of a recipe, of a run's ``config.json``, and of a card and its ``training``.
OLD_KEYS = {
    "start_from": "init_from",
    "train_size_px": "progressive_resizing_px",
    "full_size_share": "full_size_fraction",
    "sharp": "sharp_share",
    "erase": "random_erasing",
    "erase_area": "random_erasing_area",
    "flip_average": "flip_tta",
    "repeats": "repeated_runs",
    "foreign": "third_party",
}

#: Whose labels: the values of ``labels`` and ``label_source``, of ``--labels`` and of the
#: test-set access log.
OLD_LABELS = {"ferplus": "raters", "both": "auxiliary-head", "two-heads": "multi-task"}

_LABEL_KEYS = frozenset({"labels", "label_source"})


def renamed(values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with the present names, also in the mappings inside of it.

    An old key beside the present one of the same meaning stays as it is, so that a schema names
    it as unknown.
    """
    fresh: dict[str, Any] = {}
    for key, value in values.items():
        present = OLD_KEYS.get(key, key)
        if present in values:
            present = key
        fresh[present] = _value(present, value)
    return fresh


def present_labels(labels: str) -> str:
    """``"ferplus"`` -> ``"raters"``; what is no older name comes back as it is."""
    return OLD_LABELS.get(labels, labels)


def _value(key: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return renamed(value)
    if key in _LABEL_KEYS and isinstance(value, str):
        return present_labels(value)
    return value
