"""Long work on data sets as jobs: import and export."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from emotion_core.datasets.exporting import export_dataset
from emotion_core.datasets.importing import import_dataset, look_at
from emotion_core.datasets.importing.importer import SourceLook
from emotion_core.datasets.loading import load_dataset
from emotion_core.images import data_uri, encode_png
from emotion_core.jobs import JobContext
from emotion_core.types import UInt8Array


def run_import(context: JobContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Imports a data set; see ``import_dataset``.

    Args:
        context: of the job.
        arguments: ``source`` (path) or ``kaggle`` (owner/name), ``output`` (path), ``ferplus``
            (path), ``detector`` (name: cut the largest face out), ``labels`` ({name: expression}).

    Returns:
        The report. Without ``labels`` and where names do not say what they stand for: a
        ``question``, what was found, to be answered with ``labels``; and the ``source``.
    """
    ferplus, detector = arguments.get("ferplus"), arguments.get("detector")
    source = context.path(arguments["source"])
    if arguments.get("kaggle"):
        from emotion_core.datasets.download import download_dataset

        context.tell("Downloading")
        source = download_dataset(arguments["kaggle"])
    labels = arguments.get("labels")
    if labels is None:
        context.tell("Looking at it")
        look = look_at(source, cancelled=context.cancelled)
        if not look.proposal.is_plain:
            return {"question": _question(look), "source": str(source)}
    report = import_dataset(
        source,
        Path(arguments["output"]),
        labels=labels,
        ferplus=context.path(ferplus) if ferplus else None,
        detect=_face_cropper(detector) if detector else None,
        progress=lambda done, total: context.tell("Reading", done, total, unit="faces"),
        cancelled=context.cancelled,
    )
    return report.to_dict()


def run_export(context: JobContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Exports a data set or some of its rows; see ``export_dataset``.

    Args:
        context: of the job.
        arguments: ``source`` (path), ``output`` (path), ``form``, ``corrections`` (bool), ``rows``
            (row numbers, None for all).

    Returns:
        ``n``: how many faces were written.
    """
    context.tell("Reading")
    dataset = load_dataset(arguments["source"], corrections=bool(arguments["corrections"]))
    # After corrections, a row's place is no longer its number.
    rows = arguments["rows"]
    wanted = None if rows is None else np.isin(dataset.rows, rows)
    export_dataset(
        dataset,
        arguments["form"],
        Path(arguments["output"]),
        rows=wanted,
        progress=lambda done, total: context.tell("Writing", done, total, unit="faces"),
        cancelled=context.cancelled,
    )
    return {"n": len(dataset) if wanted is None else int(wanted.sum())}


def _question(look: SourceLook) -> dict[str, Any]:
    """What was found in a source, with examples as pictures for a page."""
    proposal = look.proposal
    return {
        "form": look.form,
        "assumed": list(look.assumed),
        "kind": proposal.kind,
        "why": proposal.question,
        "numberings": {name: dict(table) for name, table in proposal.numberings.items()},
        "rows": [
            {
                "name": row.name,
                "n": row.n,
                "expression": row.expression,
                "reason": row.reason,
                "examples": [data_uri(encode_png(face), "png") for face in look.examples[row.name]],
            }
            for row in proposal.rows
        ],
    }


def _face_cropper(name: str) -> Callable[[UInt8Array], UInt8Array | None]:
    """Cuts out the largest face as the classifier sees faces."""
    from emotion_core.faces import build_detector, crop_largest_face

    detector = build_detector(name)
    return lambda image: crop_largest_face(image, detector)
