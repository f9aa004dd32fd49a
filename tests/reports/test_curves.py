"""Curves on a common axis, and resting faces as zero."""

import math
from pathlib import Path

import numpy as np
import pytest

from emotion_core.errors import ReportError
from emotion_core.reports.baseline import resting_scores, subtract_baselines
from emotion_core.reports.curves import CURVE_COLUMNS, aligned_curves
from emotion_core.reports.statistics import person_statistics
from emotion_core.video.markers import EXCLUDE, Marker
from tests.reports.sessions import session, two_people
from tests.video.tables import happy, sad

LOW = 0.2 / 6  # of happy while sad


def steps(n: int, change: int):
    return [[sad() if i < change else happy()] for i in range(n)]


def curve(table, expression: str = "happy"):
    rows = table[table["expression"] == expression]
    return dict(zip(rows["position"].round(6), rows["value"], strict=True))


def test_by_time_each_step_is_the_mean_over_it(tmp_path: Path) -> None:
    table = aligned_curves([session(tmp_path, steps(20, 7))], step=1.0)
    assert tuple(table.columns) == CURVE_COLUMNS
    found = curve(table)
    assert list(found) == [0.5, 1.5, 2.5, 3.5]
    assert found[0.5] == pytest.approx(LOW)
    assert found[1.5] == pytest.approx(0.4 * LOW + 0.6 * 0.9)  # the change is at 1.4 s
    assert found[3.5] == pytest.approx(0.9)
    assert table["low"].isna().all()  # of one person there is no interval


def test_steps_shorter_than_a_frame(tmp_path: Path) -> None:
    found = curve(aligned_curves([session(tmp_path, steps(4, 2))], step=0.1))
    assert list(found.values()) == pytest.approx([LOW] * 4 + [0.9] * 4)


def test_by_marker_moments_lie_over_each_other(tmp_path: Path) -> None:
    sessions = [
        session(tmp_path, steps(50, at), id=f"s{at}", names=[f"P{at}"], group="A",
                markers=[Marker("m", at * 0.2, None, "film"), Marker("n", 9.0, None, "film")])
        for at in (10, 20, 30)
    ]  # fmt: skip
    without = session(tmp_path, steps(50, 5), id="none", names=["X"], group="A")
    table = aligned_curves(
        [*sessions, without], align="marker", marker="film", before_s=1, after_s=2, step=0.5
    )
    found = curve(table)
    assert [v for at, v in found.items() if at < 0] == pytest.approx([LOW] * 2)
    assert [v for at, v in found.items() if at > 0] == pytest.approx([0.9] * 4)
    assert set(table["people"]) == {3}
    with pytest.raises(ReportError, match='No session has a marker "end"'):
        aligned_curves(sessions, align="marker", marker="end")


def test_by_percent_lengths_are_made_alike(tmp_path: Path) -> None:
    sessions = [
        session(tmp_path, steps(n, n // 2), id=f"s{n}", names=[f"P{n}"], group="A")
        for n in (20, 60)
    ]
    table = aligned_curves(sessions, align="percent", step=25)
    found = curve(table)
    assert found == pytest.approx({12.5: LOW, 37.5: LOW, 62.5: 0.9, 87.5: 0.9})
    assert table["low"].le(table["value"]).all()
    last = aligned_curves(sessions, align="percent", step=30)["position"].max()
    assert last == 95  # from 90 to 100


def test_conditions_and_people(tmp_path: Path) -> None:
    both = session(tmp_path, two_people(), names=["Ann", "Ben"], group="A")
    assert set(aligned_curves([both])["condition"]) == {"A"}
    table = aligned_curves([both], condition=lambda _, person: person)
    assert set(table["condition"]) == {"Ann", "Ben"}
    ben = table[(table["condition"] == "Ben") & (table["expression"] == "sad")]
    assert ben["position"].tolist() == [
        0.5,
        1.5,
        2.5,
        3.5,
        6.5,
        7.5,
        8.5,
        9.5,
    ]  # away from 4 to 6 s


def test_excluded_time_is_in_no_curve(tmp_path: Path) -> None:
    found = session(tmp_path, steps(20, 10), markers=[Marker("x", 0, 2, "", EXCLUDE)])
    assert list(curve(aligned_curves([found]))) == [2.5, 3.5]


def test_what_makes_no_curve_is_one_sentence(tmp_path: Path) -> None:
    one = session(tmp_path, steps(20, 10))
    photos = session(tmp_path, steps(20, 10), kind="photos")
    for sessions, options, words in (
        ([one], {"align": "day"}, "align: wanted one of time, marker, percent"),
        ([one], {"step": 0}, "step: wanted a number above 0"),
        ([one], {"step": float("nan")}, "step: wanted a number above 0"),
        ([one], {"step": 1e-4}, "Take a larger step"),
        ([photos], {}, "Photos have no time"),
    ):
        with pytest.raises(ReportError, match=words):
            aligned_curves(sessions, **options)


def test_a_resting_interval_becomes_zero(tmp_path: Path) -> None:
    found = session(tmp_path, steps(50, 20), names=["Ann"])
    assert resting_scores(found, 1, 0, 4)[3] == pytest.approx(LOW)
    relative = subtract_baselines(found, {1: (0, 4)})
    values = list(curve(aligned_curves([relative])).values())
    assert values[:4] == pytest.approx([0] * 4, abs=1e-6)
    assert values[4:] == pytest.approx([0.9 - LOW] * 6, abs=1e-6)
    before = person_statistics([found]).set_index("expression")
    after = person_statistics([relative]).set_index("expression")
    assert (after["share"] == before["share"]).all()
    assert after.loc["happy", "mean"] == pytest.approx(before.loc["happy", "mean"] - LOW, abs=1e-5)
    assert after.loc["sad", "mean"] < 0
    assert math.isfinite(np.float64(found.view.frames["smoothed_sad"].min()))
    with pytest.raises(ReportError, match="subtracted before"):
        subtract_baselines(relative, {1: (0, 4)})


def test_a_baseline_without_the_person_is_refused(tmp_path: Path) -> None:
    found = session(tmp_path, two_people(), names=["Ann", "Ben"])
    with pytest.raises(ReportError, match=r"Ben is not seen from 4.2 to 5.8 s"):
        subtract_baselines(found, {2: (4.2, 5.8)})
    with pytest.raises(ReportError, match="person 9 is not seen"):
        subtract_baselines(found, {9: (0, 1)})
