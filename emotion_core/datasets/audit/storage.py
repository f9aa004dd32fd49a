"""Reports on disk: a folder of three files, written whole or not at all."""

import contextlib
import hashlib
import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from emotion_core.datasets.audit.report import AuditReport
from emotion_core.datasets.dataset import EmotionDataset
from emotion_core.errors import DatasetError
from emotion_core.publishing import published_folder

#: Grows when the audit finds other things or writes them in another way.
VERSION = 3

_ROWS, _ARRAYS, _FACTS = "rows.parquet", "arrays.npz", "report.json"
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
        values = json.loads((folder / _FACTS).read_text("utf-8"))
        if values.pop("version", None) != VERSION:
            raise DatasetError(f"{folder} was written by another version. Run the audit again.")
        values["labels"] = tuple(values["labels"])
        values["agreement_columns"] = tuple(values["agreement_columns"])
        # Opened here: of a damaged file NumPy would leave the handle open.
        with (folder / _ARRAYS).open("rb") as file, np.load(file) as arrays:
            return AuditReport(
                rows=pd.read_parquet(folder / _ROWS),
                embedding=arrays["embedding"],
                probabilities=arrays["probabilities"],
                agreement=arrays["agreement"],
                **values,
            )
    except (
        OSError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        zipfile.BadZipFile,
        pa.ArrowException,
    ) as error:
        raise DatasetError(f"Cannot read the audit in {folder}. Run it again. ({error})") from error


def stored_report(folder: Path) -> AuditReport | None:
    """The report in a folder, or None where there is none that can be read."""
    with contextlib.suppress(DatasetError):
        return load_report(folder)
    return None
