"""Names of files made from names that come from outside: any system can write and unpack them.

Own code and not the package pathvalidate: that one neither keeps names apart that differ only in
case, nor keeps the suffix of a name it shortens, which are the harder two thirds of this module.
"""

import re
import unicodedata

#: Longest name in bytes of UTF-8. File systems take 255; the rest is left for a number, and for
#: the longer name that a file has while it is written.
MAX_NAME_BYTES: int = 180

# Source: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_DEVICES = re.compile(
    r"(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(COM|LPT)[0-9\u00b9\u00b2\u00b3]) *(\.|$)", re.IGNORECASE
)
# Joiners hold the parts of an emoji and the letters of Persian and Indic words together.
_JOINERS = "\u200c\u200d"


# What Windows and archives leave in folders without anybody's doing. Their likes on other systems
# begin with a dot.
_LEFTOVERS = frozenset({"thumbs.db", "desktop.ini", "__macosx"})


def is_leftover(name: str) -> bool:
    """Whether a file or folder is hidden, or one that systems leave: nobody means it."""
    return name.startswith(".") or name.lower() in _LEFTOVERS


def shown_name(raw: str) -> str:
    """A name as it is shown: only what would break a line or hide a part is replaced."""
    return "".join(
        c if c.isprintable() or c in _JOINERS or unicodedata.category(c) == "Zs" else "_"
        for c in raw
    )


def safe_file_name(name: str, suffix: str = "", *, max_bytes: int = MAX_NAME_BYTES) -> str:
    """A name for a file or folder that Windows, macOS and Linux all take.

    Args:
        name: from outside, without a folder and without the suffix: separators become ``_``.
        suffix: of the result, with its dot.
        max_bytes: longest result, in UTF-8.
    """
    clean = unicodedata.normalize("NFC", _FORBIDDEN.sub("_", shown_name(name))).strip(" ")
    room = max_bytes - len(suffix.encode())
    clean = clean.encode()[:room].decode(errors="ignore").rstrip(" .") or "unnamed"
    return f"_{clean}{suffix}" if _DEVICES.match(clean + suffix) else clean + suffix


class FileNames:
    """Safe names within one folder or zip: no two are the same to any file system.

    Args:
        number: what stands behind a name that was taken, from 2 on.
    """

    def __init__(self, number: str = " ({})") -> None:
        self._number = number
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}

    def add(self, name: str, suffix: str = "") -> str:
        """A safe name as that of ``safe_file_name``, with a number if it was given before."""
        first = safe_file_name(name, suffix)
        found = first
        while _folded(found) in self._taken:
            n = self._next[_folded(first)] = self._next.get(_folded(first), 1) + 1
            found = f"{first.removesuffix(suffix)}{self._number.format(n)}{suffix}"
        self._taken.add(_folded(found))
        return found


def _folded(name: str) -> str:
    """What two names have in common that some file system takes for one."""
    return unicodedata.normalize("NFC", name.casefold())
