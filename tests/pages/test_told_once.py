"""What a component tells, several times if need be, is taken once."""

from typing import Any

import pytest
import streamlit as st

from pages.parts.common import told_once
from pages.parts.common.told_once import take_new, taken


@pytest.fixture(autouse=True)
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    state: dict[str, Any] = {}
    monkeypatch.setattr(st, "session_state", state)
    return state


def number(item: Any) -> Any:
    return item.get("n") if isinstance(item, dict) else None


def test_each_is_taken_once_in_its_order() -> None:
    first, second, third = ({"n": n} for n in "abc")
    assert take_new("player", [first], number) == [first]
    # The trigger with the second alone was lost; the third comes with it.
    assert take_new("player", [first, second, third], number) == [second, third]
    assert take_new("player", [third], number) == []
    assert taken("player") == ["a", "b", "c"]
    assert taken("another") == []


@pytest.mark.parametrize("told", [None, "a", 3, {"n": "a"}, [], [None, 3, {"n": 4}, {}]])
def test_what_is_no_list_of_numbered_things_is_passed_over(told: Any) -> None:
    assert take_new("player", told, number) == []


def test_what_was_taken_is_remembered_for_long_and_not_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(told_once, "_MOST", 3)
    take_new("player", [{"n": n} for n in "abcd"], number)
    assert taken("player") == ["b", "c", "d"]
