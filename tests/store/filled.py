"""A store with something of everything, and what stands in it, for comparisons."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from emotion_core.store.adding import AnalysedPhoto
from emotion_core.store.database import Database
from emotion_core.store.models import now
from emotion_core.store.store import Store
from emotion_core.store.table_dump import reflected, table_rows
from emotion_core.video.markers import EXCLUDE
from tests.store.test_sessions import add_video
from tests.video.tables import happy, result, sad


def fill(store: Store, folder: Path) -> None:
    video = add_video(store, folder)
    video.rename("Größe 日本 \U0001f600 'quoted' \"x\"\nline")
    video.set_notes("notes\twith a tab, 1e400, \\u0041, %s")
    video.people.name(1, "Anna")
    video.people.split(1, 1.0 / 3.0)
    video.people.hide(2)
    video.people.link(1, "Anna B.")
    video.people.set_baseline(1, 0.1, 0.2)
    video.markers.add(0.1 + 0.2, None, "moment")
    video.markers.add(1.0, 2.5, "noise", EXCLUDE)
    video.add_tag("pilot")
    video.add_tag("Klasse 4b")
    video.join_group("Study", "calm")
    photos = store.add_photos(
        [
            AnalysedPhoto("a.jpg", result(0, 0.0, [happy(1), sad(2)]), "aa" * 32, b"jpeg a"),
            AnalysedPhoto("b.jpg", result(0, 0.0, [])),
        ],
        metadata={"options": {"nested": {"list": [1, 0.1, None, True, "x"]}}},
        name="Photos",
    )
    photos.people.link(photos.people.assign(0, 1), "Anna B.")
    photos.join_group("Study", "loud")
    store.retention.keep_until(photos.id, now() + timedelta(days=3, microseconds=7))
    live = store.record(model="compact", detector="yunet", flush_s=3600)
    live.add(result(0, 0.0, [happy()]))
    live.add(result(1, 5.0, [sad()]))
    live.stop()
    store.delete(live.id)


def tables_of(database: Database) -> dict[str, list[dict[str, Any]]]:
    with database.reading_raw() as connection:
        return {
            table.name: list(table_rows(connection, table))
            for table in reflected(connection).sorted_tables
            if table.name != "store_info"
        }


def rows_of(store: Store) -> dict[str, pa.Table]:
    found = {}
    for info in (*store.sessions(), *store.sessions(deleted=True)):
        store.restore(info.id)
        found[info.id] = store.session(info.id).rows()
        if info.deleted is not None:
            store.delete(info.id)
    return found


def files_of(store: Store) -> dict[str, bytes]:
    return {
        path.relative_to(store.root).as_posix(): path.read_bytes()
        for path in store.root.rglob("*.*")
        if path.suffix in (".jpg", ".parquet")
    }
