"""Figures by person, interval, session and group, on sessions whose truth is known."""

import math
from pathlib import Path

import numpy as np
import pytest

from emotion_core.errors import ReportError
from emotion_core.reports.statistics import (
    PERSON_COLUMNS,
    Interval,
    group_statistics,
    is_numbered,
    marked_intervals,
    person_statistics,
    session_statistics,
    unit_values,
)
from emotion_core.video.markers import EXCLUDE, Marker
from tests.reports.sessions import mixture, session, two_people
from tests.video.tables import happy, sad


def row(table, **where):
    for column, value in where.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


def test_figures_of_a_person(tmp_path: Path) -> None:
    table = person_statistics([session(tmp_path, two_people(), names=["Ann"], group="A")])
    assert tuple(table.columns) == PERSON_COLUMNS
    ann = row(table, person="Ann", expression="happy")
    assert (ann["share"], ann["seconds"], ann["seen_s"]) == (0.5, 5.0, 10.0)
    assert ann["mean"] == pytest.approx(0.5 * 0.9 + 0.5 * 0.2 / 6)
    assert (ann["onsets"], ann["onsets_per_min"]) == (1, 6)
    assert (ann["first_s"], ann["longest_s"]) == (0.0, 5.0)
    assert ann["effective_frames"] <= 2  # one change in 50 frames
    assert ann["share_low"] < 0.2 < 0.8 < ann["share_high"]
    other = row(table, person="Person 2", expression="sad")
    assert (other["seen_s"], other["share"], other["onsets"]) == (8.0, 1.0, 2)
    for _, shares in table.groupby("person")["share"]:
        assert shares.sum() == pytest.approx(1)


def test_intervals_of_all_sessions_and_of_one(tmp_path: Path) -> None:
    markers = [
        Marker("a", 1, 3, "scene"),
        Marker("b", 4, None, "clap"),
        Marker("c", 8, 9, "", EXCLUDE),
    ]
    one = session(tmp_path, two_people(), id="one", markers=markers)
    two = session(tmp_path, two_people(20), id="two")
    assert marked_intervals(one) == (Interval("scene", 1, 3, "one"),)
    table = person_statistics([one, two], [*marked_intervals(one), Interval("late", 6, 99)])
    assert set(table["interval"]) == {"whole", "scene", "late"}
    assert set(table.loc[table["interval"] == "scene", "session"]) == {"one"}
    assert set(table.loc[table["interval"] == "late", "session"]) == {"one"}  # two ends at 4 s
    late = row(table, interval="late", person="Person 1", expression="sad")
    assert (late["seen_s"], late["share"]) == (3.0, 1.0)  # without the excluded second


def test_a_session_twice_is_refused(tmp_path: Path) -> None:
    one = session(tmp_path, two_people())
    with pytest.raises(ReportError, match="wanted each once"):
        person_statistics([one, one])


def test_figures_of_a_session(tmp_path: Path) -> None:
    table = session_statistics(session(tmp_path, two_people())).set_index("expression")
    assert table.loc["happy", ["seconds", "people"]].tolist() == [5.0, 1]
    assert table.loc["sad", "seconds"] == 13.0
    assert table["share"].sum() == pytest.approx(1)


def test_photos_have_no_onsets_and_are_independent(tmp_path: Path) -> None:
    photos = session(tmp_path, [[happy()], [happy()], [sad()], [sad()]], kind="photos")
    found = row(person_statistics([photos]), expression="happy")
    assert (found["share"], found["effective_frames"]) == (0.5, 4)
    assert math.isnan(found["onsets"])
    assert math.isnan(found["first_s"])


def test_nobody_gives_an_empty_table(tmp_path: Path) -> None:
    table = person_statistics([session(tmp_path, [[], []])])
    assert len(table) == 0
    assert len(group_statistics(table)) == 0


def test_a_named_person_is_one_unit_and_a_numbered_one_is_not(tmp_path: Path) -> None:
    same = [
        session(tmp_path, mixture(20, n), id=f"s{n}", names=["Ann"], group="A") for n in (5, 15)
    ]
    named = unit_values(person_statistics(same), "share", ["group"]).set_index("expression")
    assert named.loc["happy", "value"] == pytest.approx(0.5)
    others = [session(tmp_path, mixture(20, n), id=f"s{n}", group="A") for n in (5, 15)]
    units = unit_values(person_statistics(others), "share", ["group"])
    assert sorted(units.loc[units["expression"] == "happy", "value"]) == [0.25, 0.75]
    with pytest.raises(ReportError, match="measure: wanted one of share, mean, onsets_per_min"):
        unit_values(person_statistics(others), "median", ["group"])


def test_means_of_a_group(tmp_path: Path) -> None:
    shares = [0.2, 0.4, 0.9]
    people = [
        session(tmp_path, mixture(50, round(50 * s)), id=f"s{i}", names=[f"P{i}"], group="A")
        for i, s in enumerate(shares)
    ]
    table = group_statistics(person_statistics(people))
    found = row(table, expression="happy", measure="share")
    assert (found["people"], found["value"]) == (3, pytest.approx(0.5))
    half = 4.302653 * np.std(shares, ddof=1) / math.sqrt(3)
    assert found["low"] == pytest.approx(max(0, 0.5 - half))
    assert found["high"] == pytest.approx(min(1, 0.5 + half))
    alone = group_statistics(person_statistics(people[:1]))
    assert math.isnan(row(alone, expression="happy", measure="share")["low"])


def test_numbered_people() -> None:
    assert is_numbered("Person 12")
    assert not any(map(is_numbered, ["Person", "Person 01", "Ann", "Person ²", "Person x", ""]))
