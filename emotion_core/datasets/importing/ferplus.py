"""FER+'s own file of votes, joined by row."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from emotion_core.datasets.dataset import VOTE_COLUMNS
from emotion_core.datasets.importing.rows import SourceRow, shown
from emotion_core.datasets.importing.splits import parse_split
from emotion_core.errors import DatasetError


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
    votes: list[list[int]] = []
    usage: list[str] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            names = [name.strip().lower() for name in next(reader, [])]
            if not {"usage", *VOTE_COLUMNS} <= set(names):
                raise DatasetError(
                    f"{path.name}: wanted FER+'s fer2013new.csv with the columns Usage, "
                    f"{', '.join(VOTE_COLUMNS)}. Found: {', '.join(names[:13]) or 'nothing'}"
                )
            columns = [names.index(name) for name in VOTE_COLUMNS]
            split_column = names.index("usage")
            for fields in filter(None, reader):
                votes.append(_numbers(fields, columns, path, reader.line_num))
                split = parse_split(fields[split_column])
                if split is None:
                    raise DatasetError(
                        f"{path.name}, line {reader.line_num}: wanted a split, received "
                        f"{shown(fields[split_column])}"
                    )
                usage.append(split)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path.name}: wanted FER+'s fer2013new.csv. {error}") from error
    table = np.array(votes, np.int8).reshape(len(votes), len(VOTE_COLUMNS))
    return FerPlusVotes(path.name, table, np.array(usage, dtype=np.str_))


def _numbers(fields: list[str], columns: list[int], path: Path, line: int) -> list[int]:
    try:
        numbers = [int(fields[column]) for column in columns]
        if not all(0 <= number <= 100 for number in numbers):
            raise ValueError
    except (ValueError, IndexError):
        # A line that is left out would shift all votes that follow, so nothing is joined.
        raise DatasetError(
            f"{path.name}, line {line}: wanted {len(columns)} votes from 0 to 100. Get the file "
            "again: votes are joined by row, so every line must be whole."
        ) from None
    return numbers
