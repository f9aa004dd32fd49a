"""Runs damaged files through a reader and counts what became of them."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from emotion_core.errors import EmotionLensError
from fuzzing.child import ESCAPED, LIMIT_S, Child, Outcome
from fuzzing.readers import Reader


@dataclass(slots=True)
class Findings:
    """What became of a reader's files.

    Attributes:
        reader: its name.
        counts: {read, refused, escaped: files}.
        escapes: what escaped, each kind once.
        seconds: how long it took.
    """

    reader: str
    counts: Counter[str] = field(default_factory=Counter)
    escapes: list[Outcome] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def n(self) -> int:
        """Files in all."""
        return sum(self.counts.values())


def run_seeds(reader: Reader, seeds: Iterable[int], limit_s: float = LIMIT_S) -> Findings:
    """Reads the files of some seeds."""
    found, known, began = Findings(reader.name), set[str](), time.monotonic()
    with _ChildInFolder(reader) as run:
        for seed in seeds:
            outcome = run(seed, limit_s)
            found.counts[outcome.kind] += 1
            if outcome.kind == ESCAPED and (kind := _kind(outcome.text)) not in known:
                known.add(kind)
                found.escapes.append(outcome)
    found.seconds = time.monotonic() - began
    return found


def _kind(trace: str) -> str:
    """What escaped, and from which line of ours: one of each is enough to mend it."""
    lines = trace.strip().splitlines()
    places = [line.strip() for line in lines if "emotion_core" in line or "pages" in line]
    return "; ".join([*places[-1:], lines[-1].split(":")[0] if lines else ""])


def until(deadline: float, first: int) -> Iterator[int]:
    """Seeds from ``first`` on until a moment of the monotonic clock, at least one."""
    seed = first
    yield seed
    while time.monotonic() < deadline:
        seed += 1
        yield seed


class _ChildInFolder:
    """A child of its own with a folder of its own, gone afterwards."""

    def __init__(self, reader: Reader) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="fuzz-")
        self._child = Child(reader.start, Path(self._folder.name), EmotionLensError)

    def __enter__(self) -> Callable[[int, float], Outcome]:
        return self._child.run

    def __exit__(self, *_: object) -> None:
        self._child.close()
        self._folder.cleanup()
