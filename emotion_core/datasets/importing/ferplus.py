"""FER+'s own file of votes, joined by row."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from emotion_core.datasets.dataset import VOTE_COLUMNS
from emotion_core.datasets.importing.rows import SourceRow, printable, shown
from emotion_core.datasets.importing.splits import parse_split
from emotion_core.errors import DatasetError
from emotion_core.files.atomic_files import readable
from emotion_core.files.outside_files import read_text

# FER+'s own file has 1.8 MB.
_MAX_BYTES = 50_000_000


@dataclass(frozen=True, slots=True, eq=False)
class FerPlusVotes:
    """Votes in the order of the original rows.

    Attributes:
        name: of the file.
        votes: (M, 10) int8, columns as ``VOTE_COLUMNS``.
        usage: (M,) splits.
    """

    name: str
    votes: npt.NDArray[np.int8]
    usage: npt.NDArray[np.str_]

    def of(self, row: SourceRow) -> tuple[int, ...]:
        """The votes of a row, by its position among all rows.

        The number in the file's ``Image name`` is no row: it leaves out pictures that are no
        face, and joining on it shifts the votes onto wrong ones.
        Source: https://github.com/microsoft/FERPlus, whose order is that of ``fer2013.csv``.

        Raises:
            DatasetError: there is no such row, or its split is another.
        """
        if not 0 <= row.number < len(self.votes):
            raise DatasetError(
                f"{self.name} has {len(self.votes):,} rows. The data set has a row {row.number:,}, "
                "so the two do not belong together. Import without --ferplus."
            )
        wanted = str(self.usage[row.number])
        if row.usage and row.usage != wanted:
            raise DatasetError(
                f"{self.name}: row {row.number:,} belongs to {wanted}, in the data set to "
                f"{row.usage}. Votes are joined by row, so the two do not belong together. "
                "Import the original fer2013.csv, or without --ferplus."
            )
        return tuple(int(vote) for vote in self.votes[row.number])


def read_ferplus(path: Path) -> FerPlusVotes:
    """Reads ``fer2013new.csv``.

    Raises:
        DatasetError: missing, other columns, or a line without ten numbers.
    """
    name = readable(path.name)
    text = read_text(path, DatasetError, max_bytes=_MAX_BYTES)
    votes: list[list[int]] = []
    usage: list[str] = []
    try:
        reader = csv.reader(io.StringIO(text, newline=""))
        names = [field.strip().lower() for field in next(reader, [])]
        if not {"usage", *VOTE_COLUMNS} <= set(names):
            raise DatasetError(
                f"{name}: wanted FER+'s fer2013new.csv with the columns Usage, "
                f"{', '.join(VOTE_COLUMNS)}. Found: "
                f"{', '.join(printable(field, 20) for field in names[:13]) or 'nothing'}"
            )
        columns = [names.index(column) for column in VOTE_COLUMNS]
        split_column = names.index("usage")
        for fields in filter(None, reader):
            votes.append(_numbers(fields, columns, name, reader.line_num))
            text = fields[split_column] if split_column < len(fields) else ""
            split = parse_split(text)
            if split is None:
                raise DatasetError(
                    f"{name}, line {reader.line_num}: wanted a split, received {shown(text)}"
                )
            usage.append(split)
    except csv.Error as error:
        raise DatasetError(f"{name}: wanted FER+'s fer2013new.csv. {error}") from error
    table = np.array(votes, np.int8).reshape(len(votes), len(VOTE_COLUMNS))
    return FerPlusVotes(name, table, np.array(usage, dtype=np.str_))


def _numbers(fields: list[str], columns: list[int], name: str, line: int) -> list[int]:
    try:
        numbers = [int(fields[column]) for column in columns]
        if not all(0 <= number <= 100 for number in numbers):
            raise ValueError
    except (ValueError, IndexError):
        # A line that is left out would shift all votes that follow, so nothing is joined.
        raise DatasetError(
            f"{name}, line {line}: wanted {len(columns)} votes from 0 to 100. Get the file "
            "again: votes are joined by row, so every line must be whole."
        ) from None
    return numbers
