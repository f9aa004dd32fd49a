"""What a Keras model's description may hold: Keras's own layers that compute, and nothing else.

Checked by its words alone, before Keras builds anything of it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from emotion_core.classifiers.third_party.hdf5 import first_line
from emotion_core.errors import EmotionLensError, ModelError

if TYPE_CHECKING:
    import keras

# Layers that carry code, or load other files or functions by name.
_UNSAFE_NAMES = """
Lambda TFSMLayer TorchModuleWrapper JaxLayer FlaxLayer TFOpLambda SlicingOpLambda StringLookup
IntegerLookup TextVectorization Hashing FeatureSpace
"""
UNSAFE_LAYERS = frozenset(_UNSAFE_NAMES.split())

# Deeper than any network that is written by hand or by a program.
_MAX_DEPTH = 100
#: Numbers of a network: four times VGG-Face, 2.4 GB.
MAX_WEIGHTS = 600_000_000
#: Values that one layer gives for one face: VGG at 2048 pixels is below.
_MAX_LAYER_VALUES = 500_000_000

# Words in place of a class that stand for plain values.
_PLAIN_NAMES = """
__tensor__ __numpy__ __keras_tensor__ __typespec__ __tuple__ __bytes__ __ellipsis__ __slice__ slice
TensorShape CompositeTensor
"""
_PLAIN = frozenset(_PLAIN_NAMES.split())
_WHAT_TO_DO = (
    "Save it from a network of Keras's own layers, or export it as a SavedModel "
    "(model.export(folder)) and add that folder."
)


def check_description(config: Any, name: str) -> None:
    """Refuses a description with code, with classes of somebody's own, or without an end.

    Args:
        config: the description as JSON gives it.
        name: of the file, for errors.

    Raises:
        ModelError: it must not, or cannot, be built.
    """
    if not isinstance(config, dict) or not isinstance(config.get("class_name"), str):
        raise ModelError(
            f"{name}: wanted the description of a Keras model. "
            f"Received: {type(config).__name__}, which names no class of model."
        )
    unsafe: set[str] = set()
    own: set[str] = set()
    for part in _objects(config, name):
        plain, package, module = _class_of(part)
        if plain == "__lambda__" or plain in UNSAFE_LAYERS:
            unsafe.add("Lambda" if plain == "__lambda__" else plain)
        elif plain in _PLAIN:
            continue
        elif plain == "function" and part.get("module") == "builtins":
            own.add(str(part.get("config"))[:60])
        elif package or (module and module.partition(".")[0] != "keras"):
            own.add(plain)
        elif plain == "function" and not _is_computing(module):
            unsafe.add(str(part.get("config"))[:60])
    if unsafe:
        raise ModelError(
            f"{name} is refused: its layers {', '.join(sorted(unsafe))} carry code of their own or "
            f"load other files, which could do anything on this machine. {_WHAT_TO_DO}"
        )
    if own:
        raise own_classes(name, sorted(own))


def check_known(config: Any, name: str) -> None:
    """Refuses classes that Keras does not have. Needs Keras, unlike ``check_description``.

    Raises:
        ModelError: a class of somebody's own, or of another time.
    """
    import keras

    places = (keras.layers, keras.models, keras.initializers, keras.regularizers,
              keras.constraints, keras.dtype_policies)  # fmt: skip
    own = set()
    for part in _objects(config, name):
        plain, _, module = _class_of(part)
        if module or plain in ("function", "Functional") or plain in _PLAIN:
            continue
        if not any(hasattr(place, plain) for place in places):
            own.add(plain)
    if own:
        raise own_classes(name, sorted(own))


def own_classes(name: str, classes: list[str]) -> ModelError:
    """The refusal of a network with classes that are not Keras's."""
    several = len(classes) > 1
    return ModelError(
        f"{name}: {', '.join(classes)} {'are classes' if several else 'is a class'} of its maker's "
        f"own; the code is not in the file, so the network cannot be built. {_WHAT_TO_DO}"
    )


def rehearse(build: Callable[[], keras.Model], name: str) -> None:
    """Builds a network without taking memory for its weights, and counts them.

    A description of a few bytes can ask for any number of weights.

    Args:
        build: builds the network from its description.
        name: of the file, for errors.

    Raises:
        ModelError: it cannot be built, or is too large.
    """
    import keras

    faults: list[BaseException] = []

    def try_it() -> None:
        try:
            with keras.StatelessScope(initialize_variables=False):
                _check_size(build(), name)
        except BaseException as error:  # told by the thread that waits
            faults.append(error)

    # In a thread of its own: Keras keeps a list per thread of the variables that it did not make,
    # and would make them the next time.
    thread = threading.Thread(target=try_it, name="keras rehearsal")
    thread.start()
    thread.join()
    with keras_errors(name):
        if faults:
            raise faults[0]


@contextlib.contextmanager
def keras_errors(name: str) -> Iterator[None]:
    """Turns whatever Keras raises for a network that it cannot build into one sentence."""
    try:
        yield
    except EmotionLensError:
        raise
    except Exception as error:
        raise ModelError(
            f"{name}: Keras cannot load this network. {keras_reason(error)}"
        ) from error


def keras_reason(error: BaseException) -> str:
    """What Keras says went wrong, without the description that it repeats before it."""
    text = str(error)
    for mark in ("Exception encountered: ", "Error when deserializing"):
        if mark in text:
            tail = text.rpartition(mark)[2]
            return first_line(ValueError(tail if mark.startswith("Exception") else text))
    return first_line(error)


def _check_size(model: keras.Model, name: str) -> None:
    weights = sum(_product(variable.shape) for variable in model.variables)
    if weights > MAX_WEIGHTS:
        raise ModelError(
            f"{name} is refused: its network has {weights:,} weights. "
            f"Wanted at most {MAX_WEIGHTS:,}."
        )
    for layer in model.layers:
        try:
            output = layer.output
        except (AttributeError, ValueError):
            continue
        for tensor in output if isinstance(output, list | tuple) else [output]:
            values = _product(size or 1 for size in getattr(tensor, "shape", ()))
            if values > _MAX_LAYER_VALUES:
                raise ModelError(
                    f"{name} is refused: its layer {layer.name} gives {values:,} values per face. "
                    f"Wanted at most {_MAX_LAYER_VALUES:,}."
                )


def _product(sizes: Any) -> int:
    total = 1
    for size in sizes:
        total *= int(size)
    return total


def _class_of(part: dict[str, Any]) -> tuple[str, str, str]:
    """(class, package it was registered in, module) of an object of a description."""
    package, _, plain = str(part["class_name"]).rpartition(">")
    registered = part.get("registered_name")
    if isinstance(registered, str) and ">" in registered:
        package = package or registered.partition(">")[0]
    module = part.get("module")
    if package in ("keras", "Keras") or package.startswith("keras"):
        package = ""
    return plain, package, module if isinstance(module, str) and module != "builtins" else ""


def _is_computing(module: str) -> bool:
    """Whether a function named in a description is one of Keras's mathematical ones."""
    return not module or any(
        part in ("activations", "ops", "initializers", "losses", "metrics", "nn")
        for part in module.split(".")
    )


def _objects(config: Any, name: str) -> Iterator[dict[str, Any]]:
    """Everything that names a class, except how it was trained, without recursion."""
    waiting: list[tuple[Any, int]] = [(config, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > _MAX_DEPTH:
            raise ModelError(
                f"{name}: its description is nested more than {_MAX_DEPTH} levels deep. "
                "That is no network."
            )
        if isinstance(value, dict):
            if isinstance(value.get("class_name"), str):
                yield value
            # How a model was trained is not loaded.
            trained = {"compile_config"} if depth == 0 else set()
            waiting += [(v, depth + 1) for k, v in value.items() if k not in trained]
        elif isinstance(value, list):
            waiting += [(v, depth + 1) for v in value]
