"""How fast a session of many rows is asked for its shares of time: ``python benchmarks/store.py``.

Rows are made up: some people, each seen in most frames at 30 frames a second.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from emotion_core.emotions import FER2013
from emotion_core.store.models import (
    MarkerRow,
    PersonRow,
    SessionKind,
    SessionRow,
    SessionState,
    TrackRow,
)
from emotion_core.store.places import SessionPlace
from emotion_core.store.row_parts import PART_ROWS, rows_schema
from emotion_core.store.session import StoredSession
from emotion_core.store.store import Store

FPS = 30.0


def build_rows(first_frame: int, n_frames: int, people: int, seed: int) -> pa.Table:
    """Rows of some frames, each with a face of everybody."""
    rng = np.random.default_rng(seed)
    n = n_frames * people
    frames = np.repeat(np.arange(first_frame, first_frame + n_frames), people)
    # Some thousand different faces, again and again: what is asked for is not what is in them.
    pool = rng.dirichlet(np.full(len(FER2013), 0.4), 4_093).astype(np.float32)
    scores = pool[np.arange(n) % len(pool)]
    top = scores.argmax(axis=1)
    tracks = np.tile(np.arange(1, people + 1), n_frames)
    columns: dict[str, object] = {
        "frame": frames,
        "time_s": frames / FPS,
        "face": np.tile(np.arange(people), n_frames),
        "track": tracks,
        "person": [None] * n,
        "expression": np.array(FER2013.names)[top],
        "confidence": scores.max(axis=1),
        "uncertain": scores.max(axis=1) < 0.4,
        "source": np.zeros(n),
        "until_s": (frames + 1) / FPS,
        "shot": np.ones(n),
        "width": np.full(n, 640),
        "height": np.full(n, 480),
    }
    for place, name in enumerate(FER2013.names):
        columns[name] = columns[f"smoothed_{name}"] = scores[:, place]
    schema = rows_schema(FER2013)
    rest = rng.uniform(0, 480, 4_093).astype(np.float32)[np.arange(n) % 4_093]
    arrays = []
    for field in schema:
        kind = pa.string() if pa.types.is_dictionary(field.type) else field.type
        values = columns.get(field.name, rest)
        array = values if isinstance(values, list) else np.asarray(values)
        arrays.append(pa.array(array).cast(kind).cast(field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def moved(rows: pa.Table, frames: int) -> pa.Table:
    """The same rows so many frames later."""
    for name, by in (("frame", frames), ("time_s", frames / FPS), ("until_s", frames / FPS)):
        place = rows.column_names.index(name)
        rows = rows.set_column(place, rows.schema.field(name), pc.add(rows[name], by))
    return rows


def build_session(store: Store, rows: int, people: int) -> StoredSession:
    """A session of about so many rows."""
    place = SessionPlace(store.root, "be" * 8)
    per_part = PART_ROWS // people
    done = 0
    rows_of_all = build_rows(0, per_part, people, 0)
    for number in range(-(-rows // (per_part * people))):
        frames = min(per_part, -(-(rows - done) // people))
        place.parts.write(moved(rows_of_all.slice(0, frames * people), number * per_part), number)
        done += frames * people
    with store.database.writing() as db:
        row = SessionRow(
            id=place.session, kind=SessionKind.VIDEO.value, state=SessionState.DONE.value,
            name="benchmark", rows=done, frames=done // people, emotions=list(FER2013.names),
            duration_s=done / people / FPS,
        )  # fmt: skip
        row.people = [PersonRow(number=n, name="", hidden=False) for n in range(1, people + 1)]
        row.tracks = [
            TrackRow(source=0, track=n, from_s=0.0, person=n) for n in range(1, people + 1)
        ]
        row.markers = [MarkerRow(start_s=10.0, end_s=20.0, kind="exclude", text="")]
        db.add(row)
    return store.session(place.session)


def main() -> None:
    """Prints seconds per question as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--people", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        Store(Path(folder) / "store.sqlite", home=Path(folder)) as store,
    ):
        session = build_session(store, args.rows, args.people)
        length = session.info().duration_s
        intervals = {f"part {n}": (n * length / 4, (n + 1) * length / 4) for n in range(4)}
        questions = {
            "by person": lambda: session.shares(),
            "by person and interval (4)": lambda: session.shares(intervals),
        }
        found: dict[str, object] = {
            "rows": session.place.parts.n_rows(),
            "people": args.people,
            "cores": os.cpu_count(),
            "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        }
        for name, ask in questions.items():
            found[name] = _times(ask, args.repeats)
        # Somebody in several tracks: faces of one frame have to be told apart.
        session.people.merge(2, into=1)
        found["by person and interval, two tracks merged"] = _times(
            lambda: session.shares(intervals), args.repeats
        )
        print(json.dumps(found, indent=2))


def _times(ask: object, repeats: int) -> dict[str, float]:
    assert callable(ask)
    wall, cpu = [], []
    for _ in range(repeats):
        began, used = time.perf_counter(), time.process_time()
        ask()
        wall.append(time.perf_counter() - began)
        cpu.append(time.process_time() - used)
    return {
        "median_s": round(statistics.median(wall), 3),
        "best_s": round(min(wall), 3),
        "cpu_s": round(statistics.median(cpu), 3),
    }


if __name__ == "__main__":
    main()
