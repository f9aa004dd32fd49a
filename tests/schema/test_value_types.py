"""What a value may be: its check, its words, and text that was typed."""

from typing import Any

import numpy as np
import pytest

from emotion_core.schema.value_types import (
    Names,
    Number,
    OneOf,
    Text,
    TextMap,
    ValueType,
    WholeNumber,
    YesNo,
)


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        (WholeNumber(1, 9), 3, 3),
        (WholeNumber(1, 9), 3.0, 3),
        (WholeNumber(1, 9), np.int64(3), 3),
        (WholeNumber(24, 99, besides=0), 0, 0),
        (WholeNumber(1, 9, or_none=True), None, None),
        (Number(0, 1), 1, 1),
        (Number(0, 1), 0.5, 0.5),
        (OneOf(("a", "b")), "b", "b"),
        (YesNo(), False, False),
        (Text(3), "née", "née"),
        (Names(), ["a"], ("a",)),
        (TextMap(), {"a": "b"}, {"a": "b"}),
    ],
)
def test_what_fits_comes_back_as_its_type(kind: ValueType, value: Any, wanted: Any) -> None:
    assert kind.check(value) == wanted
    assert type(kind.check(value)) is type(wanted)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (WholeNumber(1, 9), [0, 10, 2.5, True, "3", None, float("nan"), float("inf"), 10**400, []]),
        (Number(0, 1), [-0.1, 1.1, True, "0.5", None, float("nan"), float("inf"), 10**400, {}]),
        (OneOf(("a",)), ["b", None, 1, ["a"], {}]),
        (YesNo(), ["yes", 1, 0, None, "true"]),
        (Text(3), ["abcd", 1, None, "\ud800", "a\0"]),
        (Names(2), ["a", [1], [""], [" "], ["a", "b", "c"], None, {"a": 1}]),
        (TextMap(), [{"a": 1}, {1: "a"}, [], None, "a"]),
    ],
)
def test_everything_else_is_refused_in_the_words_of_the_type(
    kind: ValueType, values: list[Any]
) -> None:
    for value in values:
        with pytest.raises(ValueError, match="^" + kind.wanted[:6]):
            kind.check(value)


def test_typed_text_is_read_by_the_same_rule() -> None:
    assert WholeNumber(1, 9).parse("3") == 3
    assert Number(0, 1).parse("1e-3") == 0.001
    assert OneOf(("a",)).parse("a") == "a"
    for text in ("2.5", "1e12", "many", "10"):
        with pytest.raises(ValueError, match="a whole number from 1 to 9"):
            WholeNumber(1, 9).parse(text)


def test_words() -> None:
    assert WholeNumber(1, 10_000, "epochs").wanted == "a whole number of epochs from 1 to 10,000"
    assert WholeNumber(24, 99, besides=0).wanted == "0, or a whole number from 24 to 99"
    assert Number(1e-12, 10).wanted == "a number from 1e-12 to 10"
