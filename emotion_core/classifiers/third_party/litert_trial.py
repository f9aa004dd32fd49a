"""Tries ``.tflite`` files in a process of their own: a network that loads need not run."""

from pathlib import Path
from typing import Any

import numpy as np

from emotion_core.classifiers.card import LITERT_FILE, ModelCard
from emotion_core.classifiers.runtime import MAX_LITERT_BYTES
from emotion_core.classifiers.third_party.own_process import ask
from emotion_core.errors import ModelError
from emotion_core.types import UInt8Array

_TRIALS = 16
# A served network predicts the same, whatever else is in the batch.
_MAX_DIFFERENCE = 1e-2


def trial_problem(folder: Path, card: ModelCard) -> str:
    """What is wrong with the network of a model folder when it is asked; empty if nothing is."""
    order = {
        "path": str((folder / LITERT_FILE).absolute()),
        "size_px": card.input_size_px,
        "n_classes": card.n_outputs,
    }
    try:
        ask("try", order)
    except ModelError as error:
        return f"{LITERT_FILE} cannot be used: {error}"
    return ""


def import_litert(
    path: Path, target: Path, *, factor: float, offset: float, size_px: int
) -> dict[str, Any]:
    """Brings a ``.tflite`` file into the form that is served, after trying it.

    Args:
        path: somebody else's file.
        target: where the new one goes.
        factor: a pixel of 0-255 is multiplied by it
        offset: and this is added, as in the network's own training.
        size_px: side of the input, where the file leaves it open.

    Returns:
        ``size_px`` and ``n_outputs``.

    Raises:
        ModelError: it cannot be read, run or brought into that form.
    """
    order = {
        "path": str(path.absolute()),
        "target": str(target.absolute()),
        "factor": factor,
        "offset": offset,
        "size_px": size_px,
    }
    try:
        return ask("import", order)
    except ModelError as error:
        raise ModelError(f"{path.name}: {error}") from error


def _content(order: dict[str, Any]) -> bytes:
    from emotion_core.files.outside_files import read_bytes

    return read_bytes(Path(order["path"]), ModelError, max_bytes=MAX_LITERT_BYTES)


def _try(order: dict[str, Any]) -> dict[str, Any]:
    """Asks a served network about pictures, alone and together."""
    network = _network(_content(order))
    side, n = order["size_px"], order["n_classes"]
    wanted, received = ((side, side, 1), n), (network.input_shape, network.n_classes)
    if wanted != received:
        raise ModelError(f"wanted input and number of outputs {wanted}. Received: {received}.")
    _asked(network, side)
    return {}


def _asked(network: Any, side: int) -> np.ndarray:
    from emotion_core.classifiers.preprocessing import crops_to_tensor

    tensor = crops_to_tensor(trial_crops(side, _TRIALS))
    together = np.asarray(network.run(tensor))
    alone = np.concatenate([network.run(tensor[i : i + 1]) for i in range(3)])
    if not np.isfinite(together).all():
        raise ModelError("its predictions for trial pictures are not finite numbers.")
    if np.abs(together[:3] - alone).max() > _MAX_DIFFERENCE * max(1.0, np.abs(alone).max()):
        raise ModelError("its prediction for a picture depends on the other pictures of a batch.")
    return together


def _network(content: bytes) -> Any:
    from emotion_core.classifiers.litert_network import LiteRTNetwork

    return LiteRTNetwork(content)


def _import(order: dict[str, Any]) -> dict[str, Any]:
    from ai_edge_litert.interpreter import Interpreter

    from emotion_core.classifiers.third_party import litert_import

    content = _content(order)
    try:
        Interpreter(model_content=content, num_threads=1)  # verifies the file
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"wanted a LiteRT network. {_reason(error)}") from error
    facts = litert_import.described(content)
    side = facts["size_px"] or order["size_px"]
    form = {"factor": order["factor"], "offset": order["offset"], "size_px": side}
    plain = litert_import.served_form(content, **form, probabilities=False)
    network = _network(plain)
    outputs = _asked(network, side)
    is_probabilities = gives_probabilities(outputs, exact=facts["input_type"] == "float32")
    if is_probabilities:
        plain = litert_import.served_form(content, **form, probabilities=True)
        network = _network(plain)
        _asked(network, side)
    Path(order["target"]).write_bytes(plain)
    return {"size_px": side, "n_outputs": network.n_classes}


def _reason(error: Exception) -> str:
    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return text if len(text) <= 200 else text[:199] + "…"


JOBS = {"try": _try, "import": _import}


def gives_probabilities(outputs: np.ndarray, *, exact: bool = True) -> bool:
    """Whether outputs are probabilities; if not, they are taken for logits.

    Args:
        outputs: (N, C) of trial pictures.
        exact: False for outputs in 8 bits, whose sums are off by rounding.

    Raises:
        ModelError: neither: independent scores, or no finite numbers.
    """
    if not np.isfinite(outputs).all():
        raise ModelError("The model's predictions for trial pictures are not finite numbers.")
    sums = outputs.sum(axis=1)
    if (outputs >= 0).all() and np.allclose(sums, 1, atol=1e-3 if exact else 0.03):
        return True
    if (outputs >= 0).all() and (outputs <= 1).all():
        raise ModelError(
            "Wanted logits, or probabilities that sum to 1. The outputs lie between 0 and 1 and "
            f"sum to {sums.min():.2f} to {sums.max():.2f}: one independent score per emotion is "
            "not supported."
        )
    return False


def trial_crops(size_px: int, n: int) -> UInt8Array:
    """(n, size_px, size_px) uint8 noise of many grains.

    No faces, but it reaches every part of a network.
    """
    random = np.random.default_rng(0)
    crops = np.empty((n, size_px, size_px), np.uint8)
    for crop in crops:
        side = int(random.integers(2, size_px + 1))
        coarse = random.integers(0, 256, (side, side), dtype=np.uint8)
        places = np.arange(size_px) * side // size_px
        crop[:] = coarse[np.ix_(places, places)]
    return crops
