"""A PostgreSQL server that goes away in the middle of a recording, and comes back."""

import time
from pathlib import Path

import pytest

from emotion_core.errors import StoreUnavailableError
from emotion_core.store import recorder as recorder_module
from emotion_core.store.models import SessionState
from emotion_core.store.store import Store
from tests.store.postgres import PostgresServer
from tests.video.tables import happy, result, sad


def test_rows_wait_on_the_disk_and_are_written_later(
    own_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "RETRY_S", 0.05)
    url = own_server.new_database("store")
    store = Store(url, home=tmp_path)
    # One recording goes on until the server is back, the other ends before.
    lasting = store.record(model="compact", detector="yunet", name="lasting", flush_s=0.02)
    ending = store.record(model="compact", detector="yunet", name="ending", flush_s=0.02)
    for live in (lasting, ending):
        live.add(result(0, 0.0, [happy(1)]))
    while len([info for info in store.sessions() if info.people]) < 2:
        time.sleep(0.02)
    own_server.stop()
    for live in (lasting, ending):
        live.add(result(1, 0.5, [happy(1), sad(2)]))
        live.mark("while it was away")
    with pytest.raises(StoreUnavailableError, match="does not answer"):
        store.sessions()
    with pytest.raises(StoreUnavailableError, match="does not answer"):
        Store(url, home=tmp_path)
    while not (lasting.note and ending.note):
        time.sleep(0.02)
    assert "waits on this machine's disk" in ending.note
    ending.stop()
    assert ending.problem == ""
    # Nothing that was read is missing on the disk.
    rows = (tmp_path / "sessions" / ending.id / "rows").glob("part-*.parquet")
    assert len(list(rows)) == 1
    own_server.start()
    while lasting.note:
        time.sleep(0.02)
    lasting.add(result(2, 1.0, []))
    lasting.stop()
    store.close()
    with Store(url, home=tmp_path) as again:
        assert again.notes == ()
        found = {info.name: info for info in again.sessions()}
        assert {info.state for info in found.values()} == {SessionState.DONE}
        assert (found["lasting"].rows, found["ending"].rows) == (4, 3)
        for info in found.values():
            assert [p.number for p in info.people] == [1, 2]
            texts = [m.text for m in again.session(info.id).markers.list()]
            assert texts == ["while it was away"]
            assert len(again.session(info.id).frames()) == info.rows
        assert again.check() == []
    assert list(tmp_path.glob("sessions/*/waiting.json")) == []
