"""Makes a model folder of somebody else's model: Keras, SavedModel, LiteRT or weights alone.

It runs once, when a model is added.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from emotion_core.classifiers.card import KERAS_FILE, LITERT_FILE, ModelCard
from emotion_core.classifiers.heads import Head
from emotion_core.classifiers.third_party.keras_loading import open_keras
from emotion_core.classifiers.third_party.litert_trial import import_litert, trial_crops
from emotion_core.classifiers.third_party.model_files import Form, check_safe, form_of
from emotion_core.classifiers.third_party.wrapped_networks import (
    InnerNetwork,
    check_ends,
    checked_input,
    is_many,
    saved_model,
    wrapped,
)
from emotion_core.errors import ModelError
from emotion_core.files.atomic_files import file_sha256

if TYPE_CHECKING:
    import keras

#: What a network wants its pixels to be -> (factor, offset) from 0-255.
SCALES = {"0-255": (1.0, 0.0), "0-1": (1 / 255, 0.0), "-1-1": (1 / 127.5, -1.0)}

#: Weights are kept as they are: a third-party model predicts as it does in its own project.
_EXPORT_MODE: Literal["float32"] = "float32"
_MAX_DIFFERENCE = 1e-3
_TRIALS = 64
_USUAL_SIZE_PX = 48


#: What a card says where nobody told.
UNKNOWN_LICENCE = "unknown: ask whoever made the model"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThirdPartyModel:
    """What has to be said of a third-party model, because its file does not.

    Attributes:
        name: of the new folder.
        title: name for people.
        description: one or two sentences.
        labels: emotions in the order of the outputs; empty for weights of a known network.
        scale: key of ``SCALES``; empty for weights of a known network.
        size_px: side of the input, where the file leaves it open; 0 for the usual one.
        network: JSON file of the network, for weights that come without it.
        licence: of the weights.
        sources: where the model comes from.
        flip_tta: whether the logits of a face and its mirror image are averaged.
    """

    name: str
    title: str
    description: str
    labels: tuple[str, ...] = ()
    scale: str = ""
    size_px: int = 0
    network: Path | None = None
    licence: str = UNKNOWN_LICENCE
    sources: tuple[str, ...] = ()
    flip_tta: bool = False


def build_third_party_folder(path: Path, told: ThirdPartyModel, folder: Path) -> ModelCard:
    """Writes the files of a model folder.

    Args:
        path: ``.keras`` or ``.h5`` file, or SavedModel folder.
        told: what is known of it.
        folder: an existing, empty folder.

    Returns:
        The card; it is not written yet.

    Raises:
        ModelError: unsafe, of no known form, labels or scale missing or wrong, or it cannot be
            converted.
    """
    form = form_of(path)
    if told.network is not None and form != Form.H5_WEIGHTS:
        raise ModelError(f"{path.name} holds its network. Leave --network out.")
    check_safe(path, form)
    if form == Form.LITERT:
        labels = _labels(told)
        facts = _from_litert(path, told, folder)
        _check_outputs(path, facts["n_outputs"], labels)
        return _card(path, form, told, folder, labels, facts["size_px"], 1)
    # Here, because it needs TensorFlow, which takes seconds.
    from emotion_core.classifiers.export import export_litert, parity

    served = _as_served(path, form, told)
    model, size_px = served.model, served.model.input_shape[1]
    _check_outputs(path, model.output_shape[-1], served.labels)
    if form != Form.SAVED_MODEL:  # Keras does not store what it did not build
        model.save(folder / KERAS_FILE)
    export_litert(model, folder / LITERT_FILE, mode=_EXPORT_MODE)
    agreement = parity(model, folder / LITERT_FILE, trial_crops(size_px, _TRIALS))
    if not agreement.max_abs_diff <= _MAX_DIFFERENCE:
        raise ModelError(
            f"{path.name}: the converted model predicts otherwise, by up to "
            f"{agreement.max_abs_diff:.3f}. Wanted at most {_MAX_DIFFERENCE}. Not added."
        )
    n_weights = max(1, int(model.count_params()))
    card = _card(path, form, told, folder, served.labels, size_px, n_weights)
    return card.replaced(architecture=served.architecture) if served.architecture else card


def _check_outputs(path: Path, n: int, labels: tuple[str, ...]) -> None:
    if n != len(labels):
        raise ModelError(
            f"{path.name} has {n} outputs, but {len(labels)} labels were given: "
            f"{', '.join(labels)}. Give one label per output with --labels."
        )


def _card(
    path: Path,
    form: Form,
    told: ThirdPartyModel,
    folder: Path,
    labels: tuple[str, ...],
    size_px: int,
    n_parameters: int,
) -> ModelCard:
    files = [name for name in (LITERT_FILE, KERAS_FILE) if (folder / name).is_file()]
    return ModelCard(
        name=told.name,
        title=told.title,
        description=told.description,
        architecture=f"third-party ({form})",
        labels=labels,
        input_size_px=size_px,
        input_channels=1,
        crop_framing="fer2013",
        n_parameters=n_parameters,
        heads={"fer2013": Head(first=0, outputs=len(labels), temperature=1.0, threshold=0.0)},
        flip_tta=told.flip_tta,
        metrics={},
        training=_training(path, form),
        licence=told.licence,
        sources=told.sources,
        files={name: file_sha256(folder / name) for name in files},
        created=datetime.datetime.now(datetime.UTC).date().isoformat(),
    )


def _labels(told: ThirdPartyModel, known: tuple[str, ...] = ()) -> tuple[str, ...]:
    from emotion_core.emotions import LabelSet

    if not told.labels and known:
        return known
    if not told.labels:
        raise ModelError(
            "The file does not say what its outputs mean. Give their order with --labels, for "
            "example --labels angry,disgust,fear,happy,neutral,sad,surprise."
        )
    try:
        return LabelSet.from_names(told.labels).names
    except ValueError as error:
        raise ModelError(f"--labels: {error}") from error


def _scale(told: ThirdPartyModel) -> tuple[float, float]:
    if told.scale not in SCALES:
        raise ModelError(
            "The file does not say what its pixels must be. Give --scale: wanted one of "
            f"{', '.join(SCALES)}, as in its own training. Received: {told.scale or 'nothing'}."
        )
    return SCALES[told.scale]


def _from_litert(path: Path, told: ThirdPartyModel, folder: Path) -> dict[str, Any]:
    factor, offset = _scale(told)
    return import_litert(
        path,
        folder / LITERT_FILE,
        factor=factor,
        offset=offset,
        size_px=told.size_px or _USUAL_SIZE_PX,
    )


def _training(path: Path, form: Form) -> dict[str, Any]:
    """What is known of its training: nothing, and the card says so."""
    file = path / "saved_model.pb" if form == Form.SAVED_MODEL else path
    return {
        "dataset": "unknown",
        "dataset_sha256": "",
        "n_images": 0,
        "label_source": "unknown",
        "epochs": 0,
        "recipe": f"trained elsewhere; added from {path.name} ({form})",
        "seed": 0,
        "leak_free": False,
        "third_party": True,
        "source_sha256": file_sha256(file),
    }


@dataclass(frozen=True, slots=True)
class _Served:
    """A Keras model from gray crops of 0-255 to logits."""

    model: keras.Model
    labels: tuple[str, ...]
    architecture: str = ""


def _as_served(path: Path, form: Form, told: ThirdPartyModel) -> _Served:
    """The model with our input (gray, 0-255) and our output (logits)."""
    if form == Form.H5_WEIGHTS and told.network is None:
        return _known(path, told)
    labels, scale = _labels(told), _scale(told)
    return _Served(wrapped(_inner(path, form, told), path, scale), labels)


def _known(path: Path, told: ThirdPartyModel) -> _Served:
    from emotion_core.classifiers.third_party.weights_only import load_known

    model, known = load_known(path, told.size_px or None)
    if told.scale and told.scale != known.scale:
        raise ModelError(
            f"--scale: these weights are {known.title}'s, whose pixels are known. "
            "Leave the option out."
        )
    labels = _labels(told, known.labels)
    size_px, channels = checked_input(path, model.input_shape, known.size_px)
    if known.architecture == "emotion-cnn":  # it is one of ours
        return _Served(model, labels, known.architecture)
    inner = InnerNetwork(model, size_px, channels)
    return _Served(wrapped(inner, path, SCALES[known.scale]), labels, known.architecture)


def _inner(path: Path, form: Form, told: ThirdPartyModel) -> InnerNetwork:
    from emotion_core.classifiers.third_party.weights_only import load_with_network

    size_px = told.size_px or _USUAL_SIZE_PX
    if form == Form.SAVED_MODEL:
        return saved_model(path, size_px)
    model: Any
    model = open_keras(path) if told.network is None else load_with_network(path, told.network)
    check_ends(path, model)
    shape = model.input_shape
    return InnerNetwork(model, *checked_input(path, shape[0] if is_many(shape) else shape, size_px))
