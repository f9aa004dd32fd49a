"""Fonts of PDF reports: embedded where the letters are, and another one for other scripts."""

import functools
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

#: Names under which the fonts are registered. Vera comes with ReportLab and knows Latin.
BODY, BOLD = "Vera", "VeraBd"
# Looked for on this machine for letters that Vera lacks: Greek, Cyrillic, Arabic, Hebrew, ...
_OTHERS = (
    "DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf", "FreeSans.ttf",
    "Arial Unicode.ttf", "arial.ttf", "Arial.ttf", "segoeui.ttf",
)  # fmt: skip
# Fonts that PDF readers bring for East Asian scripts: (first, last letter, name).
# Source: Adobe Technical Note 5094; ReportLab's user guide, "Asian Font Support".
_ASIAN = (
    (0x3040, 0x30FF, "HeiseiKakuGo-W5"),
    (0xAC00, 0xD7A3, "HYGothic-Medium"),
    (0x1100, 0x11FF, "HYGothic-Medium"),
    (0x2E80, 0x9FFF, "STSong-Light"),
    (0xF900, 0xFAFF, "STSong-Light"),
    (0xFF00, 0xFFEF, "HeiseiKakuGo-W5"),
)
_MISSING = "?"


@dataclass(frozen=True, slots=True, eq=False)
class Fonts:
    """The fonts of this machine.

    Attributes:
        bodies: (name, letters that it has), in the order in which they are asked.
        asian: names of fonts that are registered for East Asian scripts.
    """

    bodies: tuple[tuple[str, frozenset[int]], ...]
    asian: frozenset[str]

    def name_for(self, letter: str) -> str:
        """The font of a letter; empty where none has it."""
        code = ord(letter)
        for name, letters in self.bodies:
            if code in letters:
                return name
        for first, last, name in _ASIAN:
            if first <= code <= last and name in self.asian:
                return name
        return ""


@functools.cache
def load_fonts() -> Fonts:
    """Registers the fonts once in a process."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfbase.ttfonts import TTFError, TTFont

    for name in (BODY, BOLD):
        pdfmetrics.registerFont(TTFont(name, f"{name}.ttf"))
    pdfmetrics.registerFontFamily(BODY, normal=BODY, bold=BOLD, italic=BODY, boldItalic=BOLD)
    bodies = [(BODY, _letters(BODY))]
    for path in _other_files():
        try:
            pdfmetrics.registerFont(TTFont(path.stem, str(path)))
        except (TTFError, OSError):
            continue
        bodies.append((path.stem, _letters(path.stem)))
    for name in {name for *_, name in _ASIAN}:
        pdfmetrics.registerFont(UnicodeCIDFont(name))
    return Fonts(tuple(bodies), frozenset(name for *_, name in _ASIAN))


def marked(text: str, fonts: Fonts) -> str:
    """Text as ReportLab's paragraphs take it: nothing in it is markup, every letter has a font."""
    plain = " ".join(text.split())
    pieces = []
    for name, letters in groupby(plain, key=lambda letter: fonts.name_for(letter)):
        words = "".join(letters)
        if not name:
            words, name = _MISSING * len(words), BODY
        safe = escape(words, quote=False)
        pieces.append(safe if name == BODY else f'<font name="{name}">{safe}</font>')
    return "".join(pieces)


def _letters(name: str) -> frozenset[int]:
    from reportlab.pdfbase import pdfmetrics

    font: Any = pdfmetrics.getFont(name)
    return frozenset(font.face.charToGlyph)


def _other_files() -> Iterator[Path]:
    """One file per name, from the folders in which systems keep fonts."""
    found: dict[str, Path] = {}
    for folder in _folders():
        if not folder.is_dir():
            continue
        for parent, _, files in os.walk(folder):
            for file in set(files) & set(_OTHERS):
                found.setdefault(file, Path(parent, file))
    yield from (found[name] for name in _OTHERS if name in found)


def _folders() -> tuple[Path, ...]:
    if sys.platform == "win32":
        return (Path(os.environ.get("WINDIR", "C:/Windows"), "Fonts"),)
    if sys.platform == "darwin":
        return Path("/System/Library/Fonts"), Path("/Library/Fonts")
    return Path("/usr/share/fonts"), Path("/usr/local/share/fonts")
