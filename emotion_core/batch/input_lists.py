"""Lists of inputs that people make: CSV or Parquet with a column ``path`` and perhaps ``id``."""

from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import IO, Any

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from emotion_core.batch.stores import is_address, open_address
from emotion_core.errors import BatchError
from emotion_core.files.atomic_files import readable
from emotion_core.files.outside_files import open_regular

#: How files end that are taken for a list when they are named.
LIST_SUFFIXES = frozenset({".csv", ".parquet", ".pq"})

_PATH, _ID = "path", "id"
_ROWS = 65_536


def iter_list(text: str) -> Iterator[tuple[str, str]]:
    """(path, id) of each row of a list; the id is empty where the list has none.

    Args:
        text: path or address of the list.

    Raises:
        BatchError: it cannot be read, has no column ``path``, or a row has no path or no id.
    """
    name = text if is_address(text) else readable(text)
    file = open_address(text) if is_address(text) else open_regular(Path(text), BatchError)
    row = 0
    with file:
        try:
            for batch in _batches(file, PurePath(text).suffix.lower() == ".csv", name):
                paths = batch.column(_PATH).to_pylist()
                has_ids = _ID in batch.schema.names
                ids = batch.column(_ID).to_pylist() if has_ids else [""] * len(paths)
                for path, own in zip(paths, ids, strict=True):
                    row += 1
                    if not path or "\0" in path:
                        raise BatchError(f"{name}: row {row} has no path.")
                    if has_ids and not own:
                        raise BatchError(
                            f"{name}: row {row} has no id. Give every row one, or leave the "
                            "column out."
                        )
                    yield path, own
        except (pa.ArrowException, OSError, ValueError) as error:
            what = " ".join(str(error).split())[:200]
            raise BatchError(
                f"{name}: wanted a list of paths as CSV (UTF-8, commas) or Parquet. It is damaged, "
                f"or another kind of file: {what}"
            ) from error
    if not row:
        raise BatchError(f"{name}: wanted a row per input. The list is empty.")


def _batches(file: IO[bytes], is_csv: bool, name: str) -> Iterator[Any]:
    text = pa.string()
    if is_csv:
        reader = pc.open_csv(
            file,
            # Newlines in a quoted path are no reason to misread a list.
            parse_options=pc.ParseOptions(newlines_in_values=True),
            convert_options=pc.ConvertOptions(
                column_types={_PATH: text, _ID: text}, strings_can_be_null=False
            ),
        )
        _check(reader.schema.names, name)
        for batch in reader:
            yield batch.select(_wanted(batch.schema.names))
        return
    whole = pq.ParquetFile(file)
    names = whole.schema_arrow.names
    _check(names, name)
    for batch in whole.iter_batches(_ROWS, columns=_wanted(names)):
        yield pa.table({column: batch.column(column).cast(text) for column in batch.schema.names})


def _wanted(names: list[str]) -> list[str]:
    return [name for name in (_PATH, _ID) if name in names]


def _check(names: list[str], list_name: str) -> None:
    if _PATH not in names:
        raise BatchError(
            f"{list_name}: wanted the column path, and id if the inputs have ids of their own. "
            f"Received: {', '.join(names)[:200] or 'no columns'}."
        )
    if len({*names}) != len(names) and any(names.count(name) > 1 for name in (_PATH, _ID)):
        raise BatchError(f"{list_name}: wanted one column path and at most one column id.")
