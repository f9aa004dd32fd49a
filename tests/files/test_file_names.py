"""Names of files that every system can write and unpack."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_core.files.file_names import MAX_NAME_BYTES, FileNames, safe_file_name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a", "a.jpg"),
        ("Straße 5", "Straße 5.jpg"),
        ('a<b>c|d"e:f?g*h', "a_b_c_d_e_f_g_h.jpg"),
        ("x/y\\z", "x_y_z.jpg"),
        ("dot.", "dot.jpg"),
        (" space ", "space.jpg"),
        ("CON", "_CON.jpg"),
        ("nul", "_nul.jpg"),
        ("NUL .txt", "_NUL .txt.jpg"),
        ("COM¹", "_COM¹.jpg"),
        ("CONTENT", "CONTENT.jpg"),
        ("..", "unnamed.jpg"),
        ("", "unnamed.jpg"),
        (".hidden", ".hidden.jpg"),
        ("line\nbreak\0", "line_break_.jpg"),
        ("half \udcff", "half _.jpg"),
        ("e\u0301", "\u00e9.jpg"),
    ],
)
def test_names_of_all_kinds(name: str, safe: str) -> None:
    assert safe_file_name(name, ".jpg") == safe


def test_long_names_keep_their_suffix_and_whole_characters() -> None:
    safe = safe_file_name("é" * 300, ".jpg")
    assert safe.endswith("é.jpg")
    assert len(safe.encode()) <= MAX_NAME_BYTES


@given(st.lists(st.text(st.characters(), max_size=300), max_size=8))
def test_any_names_are_safe_and_differ_by_more_than_case(names: list[str]) -> None:
    files = FileNames()
    made = [files.add(name, ".jpg") for name in names]
    assert len({name.casefold() for name in made}) == len(made)
    for name in made:
        assert name.endswith(".jpg")
        assert not re.search(r'[<>:"/\\|?*\x00-\x1f]', name)
        assert not re.match(r"(con|prn|aux|nul|com\d|lpt\d)\s*(\.|$)", name, re.IGNORECASE)
        assert name[0] != " "
        assert name.removesuffix(".jpg")[-1] not in " ."
        assert len(name.encode()) <= 200


def test_names_that_some_file_system_takes_for_one_are_numbered() -> None:
    files = FileNames()
    made = [files.add(name, ".jpg") for name in ("a", "A", "a", "a (2)", "\u00c9", "e\u0301")]
    assert made == ["a.jpg", "A (2).jpg", "a (3).jpg", "a (2) (2).jpg", "É.jpg", "é (2).jpg"]
