"""The model card: what has to be known of a model to use it. No model is loaded without one."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import pydantic

from emotion_core.classifiers.card_schema import CardSchema, plain_copy
from emotion_core.classifiers.heads import HEAD_NAMES, Head
from emotion_core.emotions import LabelSet
from emotion_core.errors import ModelError
from emotion_core.files.atomic_files import write_json
from emotion_core.files.outside_files import read_json
from emotion_core.schema.old_names import OLD_KEYS, renamed
from emotion_core.schema.validation import faults_text, shortened

CARD_FILE = "card.json"
KERAS_FILE = "model.keras"
LITERT_FILE = "model.tflite"

#: Whose labels -> under which name the figures on the test images stand in ``metrics``.
TEST_METRICS: Mapping[str, str] = {"raters": "test_ferplus", "fer2013": "test"}

#: Grows when a field is added, goes away or changes its meaning.
SCHEMA = 4

# Cards of schema 1 have no ``use_for``; those before 3 have older names of keys; those before 4
# have one head, whose temperature and threshold are the card's.
_READABLE = (SCHEMA, 3, 2, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What is known of a model.

    Attributes:
        name: name of the model's folder: lower case letters, digits, dot, dash, underscore.
        title: name for people.
        description: one or two sentences.
        use_for: what to take this model for rather than another, in a few words; may be empty.
        architecture: key of ``architectures.ARCHITECTURES``, or a third-party model's own word.
        labels: emotion names in the order of the outputs.
        input_size_px: side of the square crop.
        input_channels: 1 for gray.
        crop_framing: which framing of a face the model was trained on, e.g. ``"fer2013"``.
        n_parameters: number of weights.
        heads: {whose labels: head}, one or more of ``heads.HEAD_NAMES``; each has outputs for
            all of ``labels``, and its own calibration.
        flip_tta: horizontal-flip test-time augmentation: whether the logits of a crop and of its
            mirror image are averaged.
        metrics: {split: metrics}, each with at least ``n``, ``accuracy`` and ``accuracy_ci95``;
            the other names are those of ``evaluate --json``.
        training: data set and recipe: ``dataset, dataset_sha256, n_images, label_source, epochs,
            recipe, seed, leak_free``, and whatever else the trainer tells.
        licence: licence of the weights.
        sources: where data and ideas come from; references or addresses.
        files: {file name: SHA-256} of the files in the folder.
        ms_per_face: measured time per face in batches of 8 on one thread, or None.
        created: ISO 8601 date or time.

    Raises:
        ModelError: a value is not what it must be.
    """

    name: str
    title: str
    description: str
    architecture: str
    labels: tuple[str, ...]
    input_size_px: int
    input_channels: int
    crop_framing: str
    n_parameters: int
    heads: Mapping[str, Head]
    flip_tta: bool
    metrics: Mapping[str, Mapping[str, Any]]
    training: Mapping[str, Any]
    licence: str
    sources: tuple[str, ...]
    files: Mapping[str, str]
    ms_per_face: float | None = None
    created: str
    use_for: str = ""

    def __post_init__(self) -> None:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        if isinstance(self.heads, Mapping):
            values["heads"] = {
                name: head.to_dict() if isinstance(head, Head) else head
                for name, head in self.heads.items()
            }
        try:
            checked = CardSchema.model_validate(values)
        except pydantic.ValidationError as error:
            raise ModelError(faults_text(error)) from error
        if LITERT_FILE not in checked.files:
            raise ModelError(
                f"files: wanted an entry for {LITERT_FILE}. Received: {sorted(checked.files)}"
            )
        object.__setattr__(self, "heads", _heads(self.heads, len(self.labels)))
        for name in ("labels", "sources"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        # Copies, so that the card does not change with what it was made of.
        for name in ("metrics", "training", "files"):
            object.__setattr__(self, name, plain_copy(name, getattr(self, name)))

    @property
    def label_set(self) -> LabelSet:
        """The emotions in the order of the outputs."""
        return LabelSet.from_names(self.labels)

    @property
    def own_labels(self) -> str:
        """Whose labels it predicts unless others are asked for: ``raters`` or ``fer2013``."""
        return next(name for name in HEAD_NAMES if name in self.heads)

    @property
    def n_outputs(self) -> int:
        """Outputs of all heads."""
        return max(head.first + head.outputs for head in self.heads.values())

    def answering(self, labels: str | None) -> str:
        """Which head answers where some labels are wished for: theirs, else ``own_labels``."""
        return labels if labels is not None and labels in self.heads else self.own_labels

    def head(self, labels: str | None = None) -> Head:
        """The head that predicts some labels.

        Args:
            labels: ``raters`` or ``fer2013``; None: ``own_labels``.

        Raises:
            ModelError: it has none for them.
        """
        if labels is None:
            return self.heads[self.own_labels]
        if labels not in self.heads:
            raise ModelError(
                f"labels: the model {self.name} predicts those of {' and '.join(self.heads)}. "
                f"Received: {labels!r}. Choose another model, or leave the labels to it."
            )
        return self.heads[labels]

    def test_figures(self, labels: str) -> Mapping[str, Any]:
        """Figures on the test images by some labels; empty where they were not measured.

        Of two heads each is judged by its own labels, a single one by both kinds.

        Args:
            labels: ``raters`` or ``fer2013``.
        """
        found: Mapping[str, Any] = self.metrics.get(TEST_METRICS[labels], {})
        return found

    @property
    def sha256(self) -> str:
        """SHA-256 of the served file; it identifies the model in records."""
        return self.files[LITERT_FILE]

    def replaced(self, **values: Any) -> "ModelCard":
        """A copy with some fields replaced.

        Raises:
            ModelError: a value is not what it must be.
        """
        return replace(self, **values)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, the schema number first."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values["heads"] = {name: head.to_dict() for name, head in self.heads.items()}
        return plain_copy("card", {"schema": SCHEMA, **values})

    @classmethod
    def from_dict(cls, values: object) -> "ModelCard":
        """Builds a card from the values of ``to_dict``.

        Raises:
            ModelError: another schema, a missing or unknown field, or a wrong value.
        """
        if not isinstance(values, Mapping):
            raise ModelError(f"Wanted a JSON object. Received: {type(values).__name__}")
        if values.get("schema") not in _READABLE or isinstance(values["schema"], bool):
            raise ModelError(
                f"schema: wanted {' or '.join(map(str, _READABLE))}, which this version reads. "
                f"Received: {shortened(values.get('schema'))}"
            )
        if values["schema"] == 1:
            values = {**values, "use_for": ""}
        if values["schema"] < 3:
            values = _with_present_names(values)
        if values["schema"] < SCHEMA:
            values = _with_heads(values)
        wanted = [field.name for field in fields(cls)]
        missing = [name for name in wanted if name not in values]
        unknown = [f"{name!s:.40}" for name in values if name not in wanted and name != "schema"]
        if missing or unknown:
            raise ModelError(
                f"Wanted the fields schema, {', '.join(wanted)}. "
                f"Missing: {', '.join(missing) or 'none'}. "
                f"Unknown: {', '.join(unknown[:12]) or 'none'}."
            )
        return cls(**{name: values[name] for name in wanted})

    def save(self, folder: Path) -> Path:
        """Writes ``card.json`` into a folder in one step and returns its path."""
        path = folder / CARD_FILE
        write_json(path, self.to_dict())
        return path


def _heads(heads: Mapping[str, Any], n_labels: int) -> dict[str, Head]:
    """Heads from what the schema has checked, in the order of ``HEAD_NAMES``."""
    found = {}
    for name in HEAD_NAMES:
        if name in heads:
            head = heads[name]
            found[name] = head if isinstance(head, Head) else Head(**head)
            if found[name].outputs < n_labels:
                raise ModelError(
                    f"heads: {name}: wanted outputs for {n_labels} labels. "
                    f"Received: {found[name].outputs}"
                )
    return found


def _with_heads(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of an older card with its one head."""
    fresh = {name: v for name, v in values.items() if name not in ("temperature", "threshold")}
    training, labels = values.get("training"), values.get("labels")
    source = training.get("label_source") if isinstance(training, Mapping) else None
    if "temperature" in values and "threshold" in values and isinstance(labels, list | tuple):
        fresh["heads"] = {
            "raters" if source == "raters" else "fer2013": {
                "first": 0,
                "outputs": len(labels),
                "temperature": values["temperature"],
                "threshold": values["threshold"],
                "contrast": 0.0,
                "sharpness": 0.0,
            }
        }
    return fresh


def _with_present_names(values: Mapping[str, Any]) -> dict[str, Any]:
    fresh = {OLD_KEYS.get(name, name): value for name, value in values.items()}
    for name in ("training", "metrics"):
        if isinstance(part := fresh.get(name), Mapping):
            fresh[name] = renamed(part)
    return fresh


def load_card(folder: Path) -> ModelCard:
    """Reads a model folder's card.

    Raises:
        ModelError: there is no card, or it is not a valid one.
    """
    path = folder / CARD_FILE
    if not path.exists():
        raise ModelError(f"{folder} is not a model folder: wanted a {CARD_FILE} in it.")
    values = read_json(path, ModelError)
    try:
        return ModelCard.from_dict(values)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
