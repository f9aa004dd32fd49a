"""What travels between the process that leads a batch and those that read."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

#: What is said of an input whose reader died twice; the same by every executor.
DIED_TWICE = (
    "the process that read it died, twice: its decoder crashed, memory ran out, or it was killed"
)


@dataclass(frozen=True, slots=True)
class Item:
    """One input.

    Attributes:
        id: its own among all of a batch.
        source: what it is called in the rows.
        path: where it is read: an absolute path or an address.
        size_bytes: of the file; None where that was not known.
        problem: what was wrong with it when everything was listed; else empty.
        content: the file itself, for what only the leading process can see (``memory://``).
    """

    id: str
    source: str
    path: str
    size_bytes: int | None = None
    problem: str = ""
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Shard:
    """Inputs that become one part.

    Attributes:
        number: of the part, from 0.
        items: in the order of the manifest.
    """

    number: int
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one input.

    Attributes:
        position: its place in the shard, from 0.
        rows: of a photo a list of records (``tables.results_to_records``), of a video its frame
            table as an Arrow stream; None where it failed.
        error: why it failed, in one sentence; else empty.
    """

    position: int
    rows: Any = None
    error: str = ""


#: Is told of inputs that are through: how many, and how many of them failed.
Tell = Callable[[int, int], None]


class Executor(Protocol):
    """Reads shards, in whatever order."""

    def run(
        self, shards: Iterable[Shard], tell: Tell, cancelled: Callable[[], bool]
    ) -> Iterator[tuple[Shard, list[Outcome]]]:
        """Gives every shard once with an outcome per item, in the order of its items.

        Raises:
            BatchError: nobody is left who could read.
            Cancelled: ``cancelled`` said so.
        """
        ...
