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
    wanted = "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")"
    if not isinstance(value, np.ndarray):
        raise ValueError(
            f"{name}: wanted an array {wanted} {np.dtype(dtype)}. Received: {type(value).__name__}"
        )
    fits = value.ndim == len(shape) and all(
        n is None or n == m for n, m in zip(shape, value.shape, strict=True)
    )
    if not fits or value.dtype != dtype:
        raise ValueError(
            f"{name}: wanted {wanted} {np.dtype(dtype)}. Received: {value.shape} {value.dtype}"
        )
    view = value.view()
    view.flags.writeable = False
    return view


def set_field(instance: object, name: str, value: object) -> None:
    """Sets a field of a frozen instance, in its ``__post_init__``."""
    object.__setattr__(instance, name, value)
