"""Sessions come out of a real store with their people, groups, markers and resting faces."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from emotion_core.reports.curves import aligned_curves
from emotion_core.reports.statistics import person_statistics
from emotion_core.reports.stored import read_stored
from emotion_core.store.adding import AnalysedPhoto
from emotion_core.store.store import Store
from emotion_core.video.markers import EXCLUDE
from tests.video.tables import happy, result, sad


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(home=tmp_path) as opened:
        yield opened


def record(store: Store, faces, *, gap_s: float = 0.0):
    recorder = store.record(model="compact", detector="yunet", flush_s=3600)
    for i, each in enumerate(faces):
        recorder.add(result(i, i * 0.2 + (gap_s if i >= len(faces) // 2 else 0), each))
    recorder.stop()
    return store.session(recorder.id)


def test_a_live_session(store: Store) -> None:
    live = record(store, [[happy()] for _ in range(10)] + [[sad()] for _ in range(10)], gap_s=60)
    live.rename("Talk")
    live.people.name(1, "Anna")
    live.join_group("Study", "calm")
    live.markers.add(0.4, None, "start")
    live.people.set_baseline(1, 0.0, 1.0)
    found = read_stored(live)
    assert (found.name, found.group, found.kind) == ("Talk", "calm", "live")
    assert found.view.names == {1: "Anna"}
    assert "start" in [marker.text for marker in found.markers]
    row = person_statistics([found]).set_index("expression").loc["happy"]
    assert row["seen_s"] < 6  # the minute without frames is in no figure
    assert row["share"] == pytest.approx(0.5, abs=0.1)
    assert found.metadata["model"]["name"] == "compact"
    relative = read_stored(live, relative=True)
    assert relative.baselines == {1: (0.0, 1.0)}
    assert aligned_curves([relative], step=1.0)["value"].iloc[0] == pytest.approx(0, abs=1e-5)


def test_people_are_known_across_sessions_and_groups_can_be_chosen(store: Store) -> None:
    sessions = [record(store, [[happy()]] * 10), record(store, [[sad()]] * 10)]
    for session, condition in zip(sessions, ("before", "after"), strict=True):
        session.people.link(1, "Anna B.")
        session.join_group("Course", condition)
        session.join_group("Age", "")
    found = [read_stored(session, group="Course") for session in sessions]
    assert [session.group for session in found] == ["before", "after"]
    assert {name for session in found for name in session.view.names.values()} == {"Anna B."}
    assert read_stored(sessions[0], group="Age").group == "Age"
    assert read_stored(sessions[0], group="Other").group == ""


def test_photos_of_several_files(store: Store) -> None:
    photos = store.add_photos(
        [
            AnalysedPhoto("a.jpg", result(0, 0.0, [happy(1), sad(2)])),
            AnalysedPhoto("b.jpg", result(0, 0.0, [])),
            AnalysedPhoto("c.jpg", result(0, 0.0, [sad(1)])),
        ],
        name="Party",
        metadata={},
    )
    photos.people.link(photos.people.assign(0, 1), "Anna")
    found = read_stored(photos)
    assert found.view.window == (0.0, 3.0)
    # The face of the third photo is not Anna, though both are the first of their photo.
    assert set(found.view.names.values()) == {"Anna", "Face 1", "Face 2"}


def test_what_is_excluded_or_hidden_stays_out(store: Store) -> None:
    live = record(store, [[happy(1), sad(2, x=100)]] * 20)
    live.people.hide(2)
    live.markers.add(0.0, 2.0, "noise", EXCLUDE)
    found = read_stored(live)
    table = person_statistics([found])
    assert set(table["person"]) == {"Person 1"}
    assert table["seen_s"].max() < 2.1
