"""Files behind addresses (``s3://bucket/photos``), through fsspec."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any

from emotion_core.errors import BatchError
from emotion_core.files.file_names import is_leftover

# One letter before the colon is a drive of Windows.
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
# The web is no store: it cannot be listed, and whoever wants pictures from there should see them.
_WEB = frozenset({"http", "https", "ftp", "ftps", "data"})
#: Only the process that has them can see them.
_PRIVATE = frozenset({"memory"})


def is_address(text: str) -> bool:
    """Whether something is an address rather than a path of this machine."""
    return _ADDRESS.match(text) is not None


def is_private(address: str) -> bool:
    """Whether no other process can see what is there."""
    return address.partition("://")[0].lower() in _PRIVATE


def base_name(address: str) -> str:
    """The last part of an address."""
    return PurePosixPath(address.partition("://")[2]).name or address


def open_store(address: str) -> tuple[Any, str]:
    """The file system of an address, and the path in it.

    Raises:
        BatchError: an address of the web, of an unknown kind, or one whose package is missing.
    """
    protocol = address.partition("://")[0].lower()
    if protocol in _WEB:
        raise BatchError(
            f"{address}: an address of the web. Nothing is fetched from there: download it first "
            "and give its path, or put it into an object store."
        )
    import fsspec.core  # takes a tenth of a second, which most batches need not pay

    try:
        return fsspec.core.url_to_fs(address)  # type: ignore[no-any-return]
    except ImportError as error:
        package = _package(protocol, error)
        raise BatchError(
            f"{address}: wanted the package {package}, which reads {protocol}:// addresses and is "
            f"not installed: pip install {package}"
        ) from error
    except Exception as error:  # stores raise whatever their own packages do
        raise BatchError(f"{address}: cannot be opened: {reason(error)}.") from error


def _package(protocol: str, error: ImportError) -> str:
    from fsspec.registry import known_implementations

    home = str(known_implementations.get(protocol, {}).get("class", "")).partition(".")[0]
    return home if home not in ("", "fsspec") else str(error.name or protocol)


def reason(error: Exception) -> str:
    """Why a store did not give something, on one line."""
    if isinstance(error, FileNotFoundError):
        return "no such file or folder"
    text = " ".join(str(getattr(error, "strerror", None) or error).split()).rstrip(".")
    return (text or type(error).__name__)[:200]


def open_address(address: str) -> IO[bytes]:
    """Opens a file of a store for reading.

    Raises:
        BatchError: it cannot be opened.
    """
    store, path = open_store(address)
    try:
        file: IO[bytes] = store.open(path, "rb")
    except Exception as error:
        raise BatchError(f"{address}: cannot be read: {reason(error)}.") from error
    return file


def download(address: str, target: Path) -> None:
    """Copies a file of a store to this machine.

    Raises:
        BatchError: it cannot be read.
    """
    store, path = open_store(address)
    try:
        store.get_file(path, str(target))
    except Exception as error:
        raise BatchError(f"{address}: cannot be read: {reason(error)}.") from error


def iter_store(address: str, *, recursive: bool) -> Iterator[tuple[str, int | None]]:
    """What stands behind an address: (address, bytes) of each file, in a stable order.

    The files of a folder come by their names, then its folders.

    Raises:
        BatchError: it cannot be listed.
        FileNotFoundError: nothing is there.
    """
    store, path = open_store(address)
    try:
        found = store.info(path)
        if found["type"] != "directory":
            yield address, found.get("size")
            return
        yield from _listed(store, path, address.rstrip("/"), recursive)
    except FileNotFoundError:
        raise
    except Exception as error:
        raise BatchError(f"{address}: {reason(error)}") from error


def _listed(
    store: Any, path: str, address: str, recursive: bool
) -> Iterator[tuple[str, int | None]]:
    entries = sorted(store.ls(path, detail=True), key=lambda entry: str(entry["name"]))
    folders = []
    for entry in entries:
        name = PurePosixPath(str(entry["name"])).name
        if is_leftover(name):
            continue
        if entry["type"] == "directory":
            folders.append((entry["name"], name))
        elif name and str(entry["name"]).rstrip("/") != path.rstrip("/"):
            yield f"{address}/{name}", entry.get("size")
    for inner, name in folders if recursive else ():
        yield from _listed(store, inner, f"{address}/{name}", recursive)
