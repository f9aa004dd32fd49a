"""Reports on disk: a folder of three files, written whole or not at all."""

import contextlib
import hashlib
import json
import lzma
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_string_dtype

from emotion_core.datasets.audit.report import COLUMNS, FINDINGS, LABEL_COLUMNS, AuditReport
from emotion_core.datasets.dataset import EmotionDataset
from emotion_core.datasets.parquet import READ_FAULTS, fault_text
from emotion_core.errors import DatasetError
from emotion_core.files.atomic_files import readable
from emotion_core.files.outside_files import open_regular, read_json
from emotion_core.files.publishing import published_folder
from emotion_core.schema.validation import validated

#: Grows when the audit finds other things or writes them in another way.
VERSION = 3

_ROWS, _ARRAYS, _FACTS = "rows.parquet", "arrays.npz", "report.json"
_TEXTS = ("split", "ferplus_majority")
_GROUPS = ("exact_group", "mirrored_group", "near_group", "photo_group")
_MAX_FACTS_BYTES = 16_000_000
# What NumPy's archive, a zip, raises besides.
_PACKING_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    SyntaxError,  # the header of an array is parsed as Python
    NotImplementedError,
    RuntimeError,
    AttributeError,
)
_SCALARS = ("labels", "agreement_columns", "dataset_sha256", "model", "model_sha256", "facts")


def audit_key(dataset: EmotionDataset, model_sha256: str = "") -> str:
    """Name of the folder for the audit of a data set by a model.

    It depends on what the audit looks at: the pictures (by the hash of the file they come from;
    by their pixels where there is none), the labels, which may be corrected, the splits and the
    votes.
    """
    digest = hashlib.sha256(dataset.sha256.encode() or dataset.images.tobytes())
    for values in (dataset.rows, dataset.labels, dataset.votes):
        digest.update(np.ascontiguousarray(values).tobytes())
    digest.update("\n".join(dataset.usage.tolist()).encode())
    return f"{digest.hexdigest()[:16]}-{model_sha256[:16] or 'no-model'}-{VERSION}"


def save_report(report: AuditReport, folder: Path) -> None:
    """Writes a report; one that stands there is replaced.

    Raises:
        OutputError: the folder cannot be written to.
        DiskFullError: there is no room for it.
    """
    with published_folder(folder, replace=True, kept="The findings are not kept.") as new:
        report.rows.to_parquet(new / _ROWS, index=False)
        np.savez(
            new / _ARRAYS,
            embedding=report.embedding,
            probabilities=report.probabilities,
            agreement=report.agreement,
        )
        values = {name: getattr(report, name) for name in _SCALARS}
        (new / _FACTS).write_text(json.dumps({"version": VERSION, **values}), "utf-8")


def load_report(folder: Path) -> AuditReport:
    """Reads a report of ``save_report``.

    Raises:
        DatasetError: there is none, it is damaged, or another version wrote it.
    """
    try:
        return _read(folder)
    except (DatasetError, *READ_FAULTS, *_PACKING_FAULTS) as error:
        raise DatasetError(
            f"Cannot read the audit in {readable(folder)}. Run it again. ({fault_text(error)})"
        ) from error


def _read(folder: Path) -> AuditReport:
    values = read_json(folder / _FACTS, DatasetError, max_bytes=_MAX_FACTS_BYTES)
    if not isinstance(values, dict) or values.pop("version", None) != VERSION:
        raise DatasetError("It was written by another version.")
    facts = validated(_Facts, values, _FACTS, DatasetError)
    # Opened here: of a damaged file NumPy would leave the handle open.
    with open_regular(folder / _ARRAYS, DatasetError) as file, np.load(file) as arrays:
        embedding, probabilities, agreement = (
            arrays[name] for name in ("embedding", "probabilities", "agreement")
        )
    with open_regular(folder / _ROWS, DatasetError) as file:
        rows = pd.read_parquet(file)
    _check_rows(rows, len(facts.labels))
    return AuditReport(
        rows=rows,
        embedding=embedding,
        probabilities=probabilities,
        agreement=agreement,
        **{name: getattr(facts, name) for name in _SCALARS},
    )


@dataclass(frozen=True, slots=True)
class _Facts:
    """What stands in ``report.json``."""

    labels: tuple[str, ...]
    agreement_columns: tuple[str, ...]
    dataset_sha256: str
    model: str
    model_sha256: str
    facts: dict[str, Any]


def _check_rows(rows: pd.DataFrame, n_labels: int) -> None:
    """Whether every column holds what it is read as.

    Raises:
        ValueError: one does not.
        KeyError: one is missing.
    """
    for name in COLUMNS:
        column = rows[name]
        kind = "O" if name in _TEXTS else "b" if name in FINDINGS else "iuf"
        # pandas has texts of a type of its own.
        if column.dtype.kind not in kind and not (kind == "O" and is_string_dtype(column.dtype)):
            raise ValueError(f"the column {name} holds {column.dtype}")
        if name in (*LABEL_COLUMNS, *_GROUPS, "row"):
            values = column.to_numpy()
            top = n_labels if name in LABEL_COLUMNS else np.inf
            lowest = 0 if name in ("label", "row") else -1
            if values.dtype.kind == "f" or not ((values >= lowest) & (values < top)).all():
                raise ValueError(f"the column {name} holds numbers that mean nothing")


def stored_report(folder: Path) -> AuditReport | None:
    """The report in a folder, or None where there is none that can be read."""
    with contextlib.suppress(DatasetError):
        return load_report(folder)
    return None
