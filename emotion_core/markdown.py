"""Text from outside on a page: shown as it is written, never as Markdown.

Streamlit reads nearly every text as Markdown: bodies, labels, tooltips, error messages. A run's
name could fetch a picture from another machine that way, or turn into a link. Whatever did not
come from this source code goes through ``plain`` first; ``tests/pages/test_text_is_text.py`` keeps
it so. In HTML (``st.html``) such text goes through ``html.escape``.
"""

import re
import unicodedata

# Of CommonMark, GitHub's extensions, LaTeX (remark-math) and directives (":red[...]"). What has no
# meaning where it stands ("batch_size: 3") stays as it is.
_MARKS = re.compile(r"[\\`*\[\]<$~|]|&(?=[#\w])|:(?=[^\W\d]|:)|(?<![^\W_])_|_(?![^\W_])")
# At the start of a line: headings, quotes, lists, numbers of lists, underlines of headings.
_LINE_START = re.compile(r"^([-+=#>]|\d+[.)])")

# Some things are found in the text only after Markdown has been read, when an escape is gone: an
# invisible character takes them apart. Source: the frontend of Streamlit 1.67 (its own directives
# and arrows, remark-emoji, mdast-util-gfm-autolink-literal).
_JOINER = "\N{WORD JOINER}"
_LATER = (
    re.compile(r":(?=[\w+-]+:)"),  # :smile: :streamlit: :material_face:
    re.compile(r"(?i)\bhttps?:(?=//)"),
    re.compile(r"(?i)\bwww(?=\.)"),
    re.compile(r"[-.\w+](?=@[-\w])"),  # addresses
    re.compile(r"(?<!\S)(?:<-|-|>|<|~)(?=[->=]+(?!\S))"),  # -> <- <-> -- >= <= ~=
)

# Controls and what turns the direction of writing round: they would change the text around.
_INVISIBLE = frozenset({"Cc", "Cs", "Co", "Cn"})
_DIRECTIONS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain(value: object) -> str:
    """Text that Streamlit shows as it is written, on one line, wherever it takes Markdown.

    Args:
        value: text from outside (a name, a note, an error), or something with a text form.
    """
    text = " ".join("".join(map(_visible, str(value))).split())
    for pattern in _LATER:
        text = pattern.sub(lambda found: found.group() + _JOINER, text)
    text = _MARKS.sub(r"\\\g<0>", text)
    return _LINE_START.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", text)


def _visible(character: str) -> str:
    if character in " \t\n\r":
        return " "
    hidden = unicodedata.category(character) in _INVISIBLE or character in _DIRECTIONS
    return "\N{REPLACEMENT CHARACTER}" if hidden else character
