"""Reads all of an HDF5 file once, in a process of its own: damaged ones crash the library."""

import functools
from pathlib import Path
from typing import Any

from emotion_core.classifiers.third_party.hdf5 import checked_h5
from emotion_core.classifiers.third_party.keras_archive import is_zip, weights_entry
from emotion_core.classifiers.third_party.own_process import ask
from emotion_core.errors import ModelError
from emotion_core.files.atomic_files import readable


def check_survives(path: Path) -> None:
    """Makes sure that an HDF5 file, or the one in a ``.keras`` file, can be read to its end.

    Raises:
        ModelError: it cannot, it is refused, or the process that read it crashed.
    """
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        raise ModelError(f"{readable(path)}: cannot be read: {error}") from error
    problem = _problem(str(path.absolute()), found.st_mtime_ns, found.st_size, found.st_ino)
    if problem:
        name = path.name
        raise ModelError(problem if name in problem else f"{readable(name)}: {problem}")


@functools.lru_cache(maxsize=256)
def _problem(path: str, *_version: int) -> str:
    """Asked once for a file as it is."""
    try:
        ask("look through", {"path": path})
    except ModelError as error:
        return str(error)
    return ""


def _look_through(order: dict[str, Any]) -> dict[str, Any]:
    import h5py  # type: ignore[import-untyped]

    path = Path(order["path"])
    in_zip = is_zip(path)
    source = weights_entry(path) if in_zip else path
    with checked_h5(source, path.name) as file:

        def read(_name: str, item: Any) -> None:
            for key in item.attrs:
                item.attrs[key]
            if isinstance(item, h5py.Dataset):
                item[()]

        read("/", file)
        file.visititems(read)
    return {}


JOBS = {"look through": _look_through}
