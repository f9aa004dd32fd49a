"""Where people log in: everybody sees, changes and forgets their own sessions and no others."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emotion_core.errors import StoreError
from emotion_core.store.adding import AnalysedPhoto
from emotion_core.store.store import Store
from tests.store.test_sessions import add_video
from tests.video.tables import happy, result, sad

OpenStore = Callable[..., Store]
ANNA, BEN = "https://login.example.org#anna", "https://login.example.org#ben"


@pytest.fixture
def owned(url: str, tmp_path: Path) -> Iterator[OpenStore]:
    """Opens the store for somebody."""
    opened: list[Store] = []

    def make(owner: str | None) -> Store:
        opened.append(Store(url, home=tmp_path / "home", owner=owner))
        return opened[-1]

    yield make
    for store in opened:
        store.close()


def add_photos(store: Store, name: str) -> str:
    photo = AnalysedPhoto("a.jpg", result(0, 0.0, [happy(1), sad(2)]))
    return store.add_photos([photo], metadata={}, name=name).id


def test_everybody_sees_their_own(owned: OpenStore, tmp_path: Path) -> None:
    anna, ben, everybody = owned(ANNA), owned(BEN), owned(None)
    of_anna = add_photos(anna, "Anna's")
    of_ben = add_video(ben, tmp_path / "video").id
    of_nobody = add_photos(everybody, "command line")
    assert [info.id for info in anna.sessions()] == [of_anna]
    assert [info.id for info in ben.sessions()] == [of_ben]
    assert {info.id for info in everybody.sessions()} == {of_anna, of_ben, of_nobody}
    assert everybody.session(of_anna).info().owner == ANNA
    assert anna.session(of_anna[:6]).info().to_dict()["owner"] == ANNA


def test_an_opened_store_serves_everybody_their_own(owned: OpenStore) -> None:
    everybody = owned(None)
    anna = everybody.for_owner(ANNA)
    session = add_photos(anna, "Anna's")
    assert (anna.owner, everybody.owner) == (ANNA, None)
    assert [info.id for info in everybody.for_owner(ANNA).sessions()] == [session]
    assert everybody.for_owner(BEN).sessions() == ()
    with pytest.raises(StoreError, match="There is no session"):
        everybody.for_owner(BEN).delete(session)
    with pytest.raises(StoreError, match="everybody's sessions"):
        anna.check()
    assert everybody.check() == []


def test_what_is_somebody_elses_is_as_good_as_none(owned: OpenStore) -> None:
    anna, ben = owned(ANNA), owned(BEN)
    session = add_photos(anna, "Anna's")
    for touch in (
        lambda: ben.session(session),
        lambda: ben.session(session[:8]),
        lambda: ben.delete(session),
        lambda: ben.restore(session),
        lambda: ben.forget_person(session, 1),
        lambda: ben.retention.keep_until(session, None),
        lambda: ben.retention.purge(session),
    ):
        with pytest.raises(StoreError, match="There is no session"):
            touch()
    anna.delete(session)
    assert ben.sessions(deleted=True) == ()
    with pytest.raises(StoreError, match="There is no session"):
        ben.restore(session)
    anna.restore(session)


def test_people_of_one_name_stay_apart(owned: OpenStore) -> None:
    anna, ben = owned(ANNA), owned(BEN)
    sessions = {store: store.session(add_photos(store, "x")) for store in (anna, ben)}
    for session in sessions.values():
        session.people.link(session.people.assign(0, 1), "Carla")
    forgotten = anna.forget_subject("Carla")
    assert (forgotten.sessions, forgotten.rows) == ((sessions[anna].id,), 1)
    (person,) = ben.session(sessions[ben].id).info().people
    assert person.subject == "Carla"
    with pytest.raises(StoreError, match="nobody of the name Carla"):
        anna.forget_subject("Carla")
    # For good with the last one who has somebody of this name.
    assert ben.forget_subject("Carla").rows == 1
    with pytest.raises(StoreError, match="nobody of the name Carla"):
        owned(None).forget_subject("Carla")


def test_a_recording_belongs_to_who_made_it_also_after_a_kill(
    owned: OpenStore, tmp_path: Path
) -> None:
    anna = owned(ANNA)
    recorder = anna.record(model="compact", detector="yunet", flush_s=3600)
    recorder.add(result(0, 0.0, [happy()]))
    recorder.stop()
    assert [info.id for info in anna.sessions()] == [recorder.id]
    # What a killed process left: the file says whose it is, whoever opens the store next.
    left = anna.record(model="compact", detector="yunet", flush_s=3600)
    place = tmp_path / "home" / "sessions" / left.id / "waiting.json"
    text = place.read_text(encoding="utf-8")
    assert json.loads(text)["owner"] == ANNA
    left.stop()
    with anna.database.limited_to(None).writing() as db:
        from emotion_core.store.models import SessionRow

        db.delete(db.get(SessionRow, left.id))
    place.write_text(text, encoding="utf-8")
    ben = owned(BEN)
    assert ben.sessions() == ()
    assert {info.id for info in anna.sessions()} == {recorder.id, left.id}
    with pytest.raises(StoreError, match="cannot be resumed"):
        ben.resume(left.id)
    anna.resume(left.id).stop()


def test_an_interrupted_recording_is_offered_to_who_made_it(owned: OpenStore) -> None:
    anna, ben = owned(ANNA), owned(BEN)
    left = anna.record(model="compact", detector="yunet", flush_s=3600)
    left.add(result(0, 0.0, [happy()]))
    left.interrupt()
    assert ben.interrupted() == ()
    with pytest.raises(StoreError, match="cannot be ended"):
        ben.end(left.id)
    assert [info.id for info in anna.interrupted()] == [left.id]
    anna.end(left.id)
    assert anna.interrupted() == ()


def test_a_recording_of_before_the_owners_is_brought_in(owned: OpenStore, tmp_path: Path) -> None:
    store = owned(None)
    left = store.record(model="compact", detector="yunet", flush_s=3600)
    place = tmp_path / "home" / "sessions" / left.id / "waiting.json"
    known = json.loads(place.read_text(encoding="utf-8"))
    left.stop()
    store.delete(left.id)
    store.retention.purge(left.id)
    place.parent.mkdir(exist_ok=True)
    del known["owner"]
    place.write_text(json.dumps(known), encoding="utf-8")
    (info,) = owned(None).sessions()
    assert (info.id, info.owner) == (left.id, "")


def test_what_concerns_everybody_is_refused(owned: OpenStore, tmp_path: Path) -> None:
    anna = owned(ANNA)
    for touch in (
        lambda: anna.export(tmp_path / "all.zip"),
        lambda: anna.import_(tmp_path / "all.zip"),
        anna.backup,
        anna.check,
        anna.vacuum,
    ):
        with pytest.raises(StoreError, match="everybody's sessions"):
            touch()
    with pytest.raises(StoreError, match="for everybody's at once"):
        anna.retention.set_days(3)
    for nobody in ("", "x" * 1001):
        with pytest.raises(StoreError, match="wanted 1 to 1,000 letters"):
            owned(nobody)


def test_owners_survive_an_export(owned: OpenStore, tmp_path: Path) -> None:
    session = add_photos(owned(ANNA), "Anna's")
    owned(None).export(tmp_path / "all.zip")
    with Store(home=tmp_path / "other") as other:
        other.import_(tmp_path / "all.zip")
        assert other.session(session).info().owner == ANNA
