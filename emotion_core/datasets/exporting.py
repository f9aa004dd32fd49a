"""From memory to the forms that other tools read."""

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from emotion_core.datasets.dataset import TRAINING, EmotionDataset
from emotion_core.datasets.parquet_writer import write_rows
from emotion_core.emotions import Emotion
from emotion_core.errors import Cancelled, DatasetError
from emotion_core.files.atomic_files import AtomicFile, check_room, make_folder, readable, writing
from emotion_core.files.publishing import published_folder
from emotion_core.images import encode_png

CSV, PNG_FOLDERS, PARQUET = "csv", "png-folders", "parquet"
#: What ``export_dataset`` and the command line's ``--form`` accept.
EXPORT_FORMS = (CSV, PNG_FOLDERS, PARQUET)

# Folder names of Emotion-detection's data preparation; the others are spelled as ours.
# Source: https://github.com/atulapra/Emotion-detection, dataset_prepare.py.
_FOLDERS = {
    Emotion.DISGUST: "disgusted",
    Emotion.FEAR: "fearful",
    Emotion.SURPRISE: "surprised",
}
_REPORT_EVERY = 100
_SAMPLE = 100
# What a small file takes on most disks is a multiple of this.
_BLOCK_BYTES = 4096
_KEPT = "Nothing was exported; what stood there before is as it was."

#: Takes a relative path and a PNG file.
_Keep: TypeAlias = Callable[[str, bytes], None]


def export_dataset(
    dataset: EmotionDataset,
    form: str,
    output: Path,
    *,
    rows: npt.NDArray[Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Path:
    """Writes a data set, or some of its rows, in another form; whole or not at all.

    Args:
        dataset: what to write; corrections count if they are applied to it.
        form: ``csv``: as Kaggle's ``fer2013.csv``. ``png-folders``:
            ``train/<emotion>/im<n>.png`` and ``test/<emotion>/im<n>.png`` as Emotion-detection
            prepares them, with PublicTest and then PrivateTest in ``test``; an output that ends
            in ``.zip`` becomes a zip of these. ``parquet``: the stored form, with votes.
        output: the file or folder to write. A file is replaced; a folder must be new or empty.
        rows: index or boolean mask over the data set; None for all.
        progress: called with the rows written and to write.
        cancelled: asked now and then whether to stop.

    Returns:
        The output.

    Raises:
        DatasetError: the form is unknown, there are no rows, or the folder has files in it.
        Cancelled: ``cancelled`` said so.
        OutputError: the output cannot be written.
        DiskFullError: there is no room for it; told before anything is written.
    """
    if form not in EXPORT_FORMS:
        raise DatasetError(
            f"Unknown form. Wanted one of {', '.join(EXPORT_FORMS)}. Received: {form!r}"
        )
    chosen = dataset if rows is None else dataset.select(rows)
    if not len(chosen):
        raise DatasetError("Nothing to export: no image is left. Widen the filter.")
    steps = _steps(len(chosen), progress, cancelled)
    make_folder(output.parent)
    check_room(output, _need_bytes(chosen, form, output), kept=_KEPT)
    with writing(output, kept=_KEPT):
        if form == PNG_FOLDERS:
            _write_folders(chosen, output, steps)
        else:
            with AtomicFile(output) as file:
                if form == CSV:
                    _write_csv(chosen, file, steps)
                else:
                    write_rows(chosen, file, steps)
    return output


def _need_bytes(dataset: EmotionDataset, form: str, output: Path) -> int:
    """Room for an export, from a sample of its rows."""
    sample = dataset.images[:: max(1, len(dataset) // _SAMPLE)]
    if form == CSV:
        sizes = [len(" ".join(map(str, image.ravel().tolist()))) for image in sample]
    else:
        sizes = [len(encode_png(image)) for image in sample]
    if form == PNG_FOLDERS and output.suffix.lower() != ".zip":
        sizes = [-(-size // _BLOCK_BYTES) * _BLOCK_BYTES for size in sizes]
    return int(np.mean(sizes) * len(dataset))


def _steps(
    n: int,
    progress: Callable[[int, int], None] | None,
    cancelled: Callable[[], bool] | None,
) -> Iterator[int]:
    """0 to n - 1, with reports."""
    for i in range(n):
        if i % _REPORT_EVERY == 0:
            if cancelled is not None and cancelled():
                raise Cancelled("The export was stopped. Nothing was written.")
            if progress is not None:
                progress(i, n)
        yield i
    if progress is not None:
        progress(n, n)


def _write_csv(dataset: EmotionDataset, file: IO[bytes], steps: Iterator[int]) -> None:
    texts = np.array([str(value) for value in range(256)], dtype=object)
    wrapper = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(wrapper, lineterminator="\n")
    writer.writerow(("emotion", "pixels", "Usage"))
    for i in steps:
        pixels = " ".join(texts[dataset.images[i].ravel()])
        writer.writerow((dataset.labels[i], pixels, dataset.usage[i]))
    wrapper.flush()
    wrapper.detach()


def _write_folders(dataset: EmotionDataset, output: Path, steps: Iterator[int]) -> None:
    if output.suffix.lower() == ".zip":
        with AtomicFile(output) as file, zipfile.ZipFile(file, "w") as archive:
            _write_pictures(dataset, archive.writestr, steps)  # PNG does not shrink any further
        return
    try:
        # Not durable: to wait for each of 30,000 pictures takes minutes, and they can be made anew.
        with published_folder(output, durable=False) as folder:

            def keep(name: str, png: bytes) -> None:
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(png)

            _write_pictures(dataset, keep, steps)
    except FileExistsError as error:
        raise DatasetError(
            f"{readable(output)} exists and is not empty. Name another folder."
        ) from error


def _write_pictures(dataset: EmotionDataset, keep: _Keep, steps: Iterator[int]) -> None:
    counts: Counter[str] = Counter()
    for i in steps:
        emotion = dataset.label_set[int(dataset.labels[i])]
        split = "train" if dataset.usage[i] == TRAINING else "test"
        folder = f"{split}/{_FOLDERS.get(emotion, emotion.value)}"
        keep(f"{folder}/im{counts[folder]}.png", encode_png(dataset.images[i]))
        counts[folder] += 1
