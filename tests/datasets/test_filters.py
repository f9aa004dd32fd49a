"""Filters, orders and query parameters of the data set page, without Streamlit."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion_core.datasets import VOTE_COLUMNS, EmotionDataset
from emotion_core.datasets.face_table import FaceTable
from emotion_core.datasets.filters import (
    AGREEMENTS,
    MARKS,
    SIZES,
    SORTS,
    SPLITS,
    Filter,
    View,
    from_params,
    parse_rows,
    to_params,
)
from emotion_core.emotions import FER2013

_NAMES = st.lists(st.sampled_from(FER2013.names), unique=True).map(
    lambda names: tuple(name for name in FER2013.names if name in names)
)
_FILTERS = st.builds(
    Filter,
    split=st.lists(st.sampled_from(list(SPLITS)), unique=True).map(
        lambda names: tuple(name for name in SPLITS if name in names)
    ),
    label=_NAMES,
    majority=_NAMES,
    agreement=st.sampled_from(list(AGREEMENTS)),
    votes=st.integers(0, 10),
    mark=st.lists(st.sampled_from(list(MARKS)), unique=True).map(
        lambda names: tuple(name for name in MARKS if name in names)
    ),
    prediction=st.sampled_from(["any", "right", "wrong"]),
    predicted=_NAMES,
    group=st.none() | st.integers(0, 10**6),
    rows=st.sampled_from(["", "3", "3, 7-9"]),
    area=st.none() | st.just((-1.5, 2.25, 0.0, 1.125)),
)
_VIEWS = st.builds(
    View,
    filter=_FILTERS,
    sort=st.sampled_from(list(SORTS)),
    reverse=st.booleans(),
    size=st.sampled_from(list(SIZES)),
    page=st.integers(1, 500),
)


@given(_VIEWS)
def test_an_address_brings_the_same_view_back(view: View) -> None:
    assert from_params(to_params(view)) == view


@given(st.dictionaries(st.sampled_from([*SORTS, "rows", "area", "page", "group"]), st.text()))
def test_any_address_can_be_read(params: dict[str, str]) -> None:
    view = from_params(params)
    assert from_params(to_params(view)) == view


def test_the_usual_view_needs_no_parameters() -> None:
    assert to_params(View()) == {}


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("", []),
        ("3", [(3, 3)]),
        (" 3 ;7-9,", [(3, 3), (7, 9)]),
        ("x", None),
        ("1-2-3", None),
        ("-4", None),
        ("²", None),
    ],
)
def test_row_numbers(text: str, ranges: list[tuple[int, int]] | None) -> None:
    assert parse_rows(text) == ranges


def _votes(**by_name: int) -> list[int]:
    return [by_name.get(name, 0) for name in VOTE_COLUMNS]


@pytest.fixture
def table() -> FaceTable:
    """Six faces: two happy ones that agree with FER+ or not, a tie, no votes, two others."""
    facts = EmotionDataset(
        images=np.zeros((6, 0, 0), np.uint8),
        labels=np.array([3, 3, 0, 4, 6, 3]),
        usage=np.array(
            ["Training", "PublicTest", "Training", "PrivateTest", "Training", "Training"]
        ),
        votes=np.array(
            [
                _votes(happiness=9, neutral=1),
                _votes(neutral=8, happiness=2),
                _votes(anger=5, sadness=5),
                _votes(),
                _votes(neutral=6, nf=4),
                _votes(happiness=6, neutral=4),
            ]
        ),
        rows=np.arange(6),
    )
    audit = {
        "predicted": np.array([3, 6, 0, 4, 0, 6]),
        "predicted_confidence": np.array([0.9, 0.6, 0.5, 0.7, 0.95, 0.8]),
        "label_quality": np.array([0.9, 0.2, 0.5, 0.7, 0.05, 0.3]),
        "label_issue": np.array([False, True, False, False, True, False]),
        "photo_group": np.array([0, -1, 0, -1, -1, 0]),
        "exact_group": np.array([-1, -1, 0, -1, -1, 0]),
        "map_x": np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
        "map_y": np.array([0.0, 1.0, 0.0, 1.0, 0.0, 1.0]),
    }
    nothing = np.zeros(6, np.bool_)
    return FaceTable(facts, facts.labels, nothing, nothing, audit)


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        (Filter(), [0, 1, 2, 3, 4, 5]),
        (Filter(split=("training",), label=("happy",)), [0, 5]),
        (Filter(majority=("neutral",)), [1, 4]),
        (Filter(agreement="agrees"), [0, 4, 5]),
        (Filter(agreement="differs"), [1]),
        (Filter(agreement="unclear"), [2, 3]),
        (Filter(votes=8), [0, 1]),
        (Filter(mark=("nf_votes",)), [4]),
        (Filter(mark=("nf_votes", "exact")), [2, 4, 5]),
        (Filter(mark=("label_issue",), split=("validation",)), [1]),
        (Filter(prediction="wrong"), [1, 4, 5]),
        (Filter(prediction="right", label=("sad",)), [3]),
        (Filter(predicted=("angry",)), [2, 4]),
        (Filter(group=0), [0, 2, 5]),
        (Filter(rows="1, 4-99"), [1, 4, 5]),
        (Filter(rows="nonsense"), []),
        (Filter(area=(0.5, 3.5, 0.5, 1.5)), [1, 3]),
        (Filter(mark=("flat",)), []),
    ],
)
def test_conditions(table: FaceTable, wanted: Filter, rows: list[int]) -> None:
    assert table.find(wanted, "row").tolist() == rows


@pytest.mark.parametrize(
    ("sort", "rows"),
    [
        ("row", [0, 1, 2, 3, 4, 5]),
        ("copies", [0, 2, 5, 1, 3, 4]),
        ("disagreement", [3, 1, 2, 5, 0, 4]),
        ("other_label", [4, 5, 1, 2, 3, 0]),
        ("label_quality", [4, 1, 5, 2, 3, 0]),
        ("sharpness", [0, 1, 2, 3, 4, 5]),
    ],
)
def test_orders(table: FaceTable, sort: str, rows: list[int]) -> None:
    assert table.find(Filter(), sort).tolist() == rows
    assert table.find(Filter(), sort, reverse=True).tolist() == rows[::-1]


def test_a_corrected_label_is_the_one_that_counts(table: FaceTable) -> None:
    labels = table.labels.copy()
    labels[1] = FER2013.index("neutral")
    corrected = replace(table, labels=labels, relabelled=np.arange(6) == 1)
    assert corrected.find(Filter(label=("neutral",)), "row").tolist() == [1, 4]
    assert corrected.find(Filter(agreement="differs"), "row").tolist() == []
    assert corrected.find(Filter(mark=("relabelled",)), "row").tolist() == [1]


def test_without_an_audit_its_conditions_let_nothing_through(table: FaceTable) -> None:
    bare = FaceTable(table.facts, table.labels, table.relabelled, table.excluded)
    assert bare.marks() == ("relabelled", "excluded", "nf_votes")
    assert bare.sorts() == ("row", "disagreement")
    for wanted in (Filter(group=0), Filter(prediction="wrong"), Filter(area=(0, 1, 0, 1))):
        assert len(bare.find(wanted, "row")) == 0
