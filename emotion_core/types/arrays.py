"""Arrays of the data types: checked, and read-only from then on."""

from typing import Any

import numpy as np
import numpy.typing as npt

UInt8Array = npt.NDArray[np.uint8]
Float32Array = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]
Int64Array = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


def checked(
    name: str, value: Any, shape: tuple[int | None, ...], dtype: type[np.generic]
) -> npt.NDArray[Any]:
    """Returns a read-only view of an array after checking its shape and dtype.

    Args:
        name: what the array is called in the error message.
        value: the array.
        shape: wanted shape; None stands for any length.
        dtype: wanted dtype.

    Raises:
        ValueError: not an array, or another shape or dtype.
    """
    if (
        not isinstance(value, np.ndarray)
        or value.dtype != dtype
        or value.ndim != len(shape)
        or any(n is not None and n != m for n, m in zip(shape, value.shape, strict=True))
    ):
        raise ValueError(_refusal(name, value, shape, dtype))
    view = value.view()
    view.flags.writeable = False
    return view


def _refusal(name: str, value: Any, shape: tuple[int | None, ...], dtype: type[np.generic]) -> str:
    wanted = f"({', '.join('any' if n is None else str(n) for n in shape)}) {np.dtype(dtype)}"
    if not isinstance(value, np.ndarray):
        return f"{name}: wanted an array {wanted}. Received: {type(value).__name__}"
    return f"{name}: wanted {wanted}. Received: {value.shape} {value.dtype}"


def set_field(instance: object, name: str, value: object) -> None:
    """Sets a field of a frozen instance, in its ``__post_init__``."""
    object.__setattr__(instance, name, value)
