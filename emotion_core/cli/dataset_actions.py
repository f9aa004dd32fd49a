"""What the actions of ``dataset`` do."""

import argparse
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import numpy as np
from tqdm import tqdm

from emotion_core.cli.common import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_PARTLY,
    UsageError,
    message,
    print_json,
)
from emotion_core.datasets import (
    EmotionDataset,
    ImportReport,
    UnclearLabelsError,
    build_synthetic,
    default_dataset_path,
    export_dataset,
    import_dataset,
    load_dataset,
    write_dataset,
)
from emotion_core.datasets.download import download_dataset
from emotion_core.datasets.importing.label_choice import read_label_map
from emotion_core.datasets.importing.rows import printable
from emotion_core.datasets.importing.splits import parse_split
from emotion_core.emotions import parse_emotion
from emotion_core.files.atomic_files import readable
from emotion_core.paths import data_folder
from emotion_core.types import UInt8Array

# How many rejected rows people see; --json has a thousand.
_SHOWN_REJECTED = 10


def run_import(args: argparse.Namespace) -> int:
    """Imports; 1 if rows were rejected."""
    return _import(args, args.source)


def run_download(args: argparse.Namespace) -> int:
    """Downloads from Kaggle, then imports."""
    message(f"Asking Kaggle for {args.handle} ...")
    return _import(args, download_dataset(args.handle))


def _import(args: argparse.Namespace, source: Path) -> int:
    output = args.output or data_folder() / "fer2013.parquet"
    detect = None if args.detect is None else _face_cropper(args.detect)
    labels = read_label_map(args.map)
    try:
        with _stoppable(), _bar("Importing", unit_scale=True) as progress:
            report = import_dataset(
                source,
                output,
                labels=labels,
                ferplus=args.ferplus,
                detect=detect,
                progress=progress,
            )
    except UnclearLabelsError as error:
        message(str(error))
        for name, options in error.options().items():
            message(f"\n{f'As {name} numbers them' if name else 'With your answers'}:\n  {options}")
        return EXIT_FAILED
    if args.json:
        print_json({"output": readable(output), **report.to_dict()})
    _tell_import(report, output)
    return EXIT_PARTLY if report.n_rejected else EXIT_DONE


def _face_cropper(name: str) -> Callable[[UInt8Array], UInt8Array | None]:
    # Here, because detectors take time to load that most imports need not pay.
    from emotion_core.faces import build_detector, crop_largest_face

    detector = build_detector(name or None)
    return lambda image: crop_largest_face(image, detector)


def _tell_import(report: ImportReport, output: Path) -> None:
    splits = ", ".join(f"{sum(c.values()):,} {name}" for name, c in report.splits.items())
    votes = ", with FER+ votes" if report.has_votes else ""
    message(f"{report.n:,} faces ({splits}) from {report.form}{votes}, {report.seconds:.0f} s.")
    for assumption in report.assumed:
        message(f"Assumed: {assumption}")
    for label, n in report.left_out.items():
        message(f"Left out: {n:,} of {printable(label)}.")
    for note in report.notes:
        message(note)
    if report.n_rejected:
        message(f"{report.n_rejected:,} rows were rejected:")
    for row in report.rejected[:_SHOWN_REJECTED]:
        where = f"{row.name}, line {row.line}" if row.line else row.name
        message(f"  {where}: {row.reason}")
    if report.n_rejected > _SHOWN_REJECTED:
        message(f"  and {report.n_rejected - _SHOWN_REJECTED:,} more (--json lists them)")
    message(f"Stored in {readable(output)}.")


def run_info(args: argparse.Namespace) -> int:
    """Prints what a data set holds."""
    path = _dataset_path(args)
    dataset = load_dataset(path, corrections=args.corrections)
    info: dict[str, Any] = {
        "name": dataset.name,
        "n": len(dataset),
        "size_px": dataset.size_px,
        "splits": dataset.counts(),
        "labels": list(dataset.label_set.names),
        "has_votes": dataset.has_votes,
        "synthetic": dataset.is_synthetic,
        "corrected": args.corrections is not False,
        "sha256": dataset.sha256,
    }
    if args.json:
        print_json(info)
        return EXIT_DONE
    drawn = " (synthetic)" if dataset.is_synthetic else ""
    print(f"{path}{drawn}: {len(dataset):,} faces of {dataset.size_px} x {dataset.size_px} pixels")
    print(f"FER+ votes: {'yes' if dataset.has_votes else 'no'}")
    print(f"SHA-256: {dataset.sha256}\n")
    print(f"{'':12}" + "".join(f"{name:>10}" for name in (*dataset.label_set.names, "all")))
    for split, counts in dataset.counts().items():
        cells = (*counts.values(), sum(counts.values()))
        print(f"{split:12}" + "".join(f"{cell:>10,}" for cell in cells))
    return EXIT_DONE


def run_audit_action(args: argparse.Namespace) -> int:
    """Prints the counts of an audit and writes its findings."""
    # Here, because the other actions need no model and no table library.
    from emotion_core.evaluation.audit import run_audit

    dataset = load_dataset(_dataset_path(args), corrections=args.corrections)
    with _bar("Audit") as progress:
        report = run_audit(
            dataset,
            "" if args.no_model else args.model,
            progress=lambda _stage, share: progress(round(100 * share), 100),
            again=args.again,
            not_kept=message,
        )
    if args.output:
        report.to_csv(args.output)
    summary = report.summary()
    if args.json:
        print_json(summary)
        return EXIT_DONE
    counts = {name: value for name, value in summary.items() if isinstance(value, int)}
    width = max(map(len, counts)) + 2
    for name, value in counts.items():
        print(f"{name.replace('_', ' '):{width}}{value:>8,}")
    return EXIT_DONE


def run_export(args: argparse.Namespace) -> int:
    """Writes a data set in another form."""
    dataset = load_dataset(_dataset_path(args), corrections=args.corrections)
    rows = _chosen_rows(dataset, args.split or [], args.emotion or [])
    with _stoppable(), _bar("Exporting") as progress:
        output = export_dataset(dataset, args.form, args.output, rows=rows, progress=progress)
    message(f"{int(rows.sum()):,} faces written to {readable(output)}.")
    return EXIT_DONE


def _chosen_rows(
    dataset: EmotionDataset, splits: list[str], emotions: list[str]
) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    rows = np.ones(len(dataset), bool)
    if splits:
        usages = {text: parse_split(text) for text in splits}
        unknown = [text for text, usage in usages.items() if usage is None]
        if unknown:
            raise UsageError(
                f"--split: wanted Training, PublicTest or PrivateTest, received {unknown[0]!r}."
            )
        rows &= np.isin(dataset.usage, [usage for usage in usages.values() if usage])
    if emotions:
        try:
            labels = [dataset.label_set.index(parse_emotion(text)) for text in emotions]
        except ValueError as error:
            wanted = ", ".join(dataset.label_set.names)
            raise UsageError(f"--emotion: wanted some of {wanted}. {error}") from error
        rows &= np.isin(dataset.labels, labels)
    return rows


def run_synthesize(args: argparse.Namespace) -> int:
    """Draws and stores a synthetic data set."""
    dataset = build_synthetic(args.per_class, args.seed)
    write_dataset(dataset, args.output)
    if args.json:
        print_json({"output": readable(args.output), "n": len(dataset), "splits": dataset.counts()})
    message(f"{len(dataset):,} drawn faces stored in {readable(args.output)}.")
    return EXIT_DONE


def _dataset_path(args: argparse.Namespace) -> Path:
    return Path(args.path) if args.path else default_dataset_path()


@contextmanager
def _bar(title: str, unit_scale: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on stderr; none where stderr is no terminal."""
    with tqdm(desc=title, unit="", unit_scale=unit_scale, disable=None) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield progress


@contextmanager
def _stoppable() -> Iterator[None]:
    """Makes SIGTERM end the work as Ctrl-C does, so that no unfinished file stays behind."""

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    try:
        previous = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not in the main thread, where nobody can send it
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
