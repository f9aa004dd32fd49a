"""Writes data sets as tables in the ways in which pandas, NumPy and Excel write them."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np

from emotion_core.datasets import EmotionDataset
from tests.datasets.forms import NAMES, pixels

Rows = list[list[object]]


def text_rows(data: EmotionDataset, write: Callable[[np.ndarray], str] = pixels) -> Rows:
    """Rows of label, pixels in one column, split."""
    return [
        [int(label), write(image), str(usage)]
        for label, image, usage in zip(data.labels, data.images, data.usage, strict=True)
    ]


def wide_rows(data: EmotionDataset) -> Rows:
    """Rows of label, a column per pixel, split."""
    return [
        [int(label), *image.ravel().tolist(), str(usage)]
        for label, image, usage in zip(data.labels, data.images, data.usage, strict=True)
    ]


def as_list(image: np.ndarray) -> str:
    """``[70, 80, ...]``, as pandas writes a column of lists."""
    return str(image.ravel().tolist())


def as_unit(image: np.ndarray) -> str:
    """Floats from 0 to 1."""
    return " ".join(map(repr, (image.ravel() / 255.0).tolist()))


def as_floats(image: np.ndarray) -> str:
    """``70.0 80.0 ...``."""
    return " ".join(map(repr, image.ravel().astype(float).tolist()))


def saved(
    path: Path,
    rows: Rows,
    header: list[str] | None,
    *,
    separator: str = ",",
    encoding: str = "utf-8",
    quoting: int = csv.QUOTE_MINIMAL,
) -> Path:
    file = io.StringIO()
    writer = csv.writer(file, delimiter=separator, quoting=quoting, lineterminator="\r\n")
    if header is not None:
        writer.writerow(header)
    writer.writerows(rows)
    path.write_bytes(file.getvalue().encode(encoding))
    return path


HEADER = ["emotion", "pixels", "Usage"]
PIXELS = [f"pixel{i}" for i in range(2304)]


def _float_labels(rows: Rows) -> Rows:
    return [[f"{label}.0", *rest] for label, *rest in rows]


def _word_labels(rows: Rows) -> Rows:
    return [[NAMES[int(str(label))], *rest] for label, *rest in rows]


def _turned(rows: Rows) -> Rows:
    """The label at the end, as it often stands behind the pixels."""
    return [[*rest, label] for label, *rest in rows]


def _indexed(rows: Rows) -> Rows:
    return [[i, *row] for i, row in enumerate(rows)]


#: {form: (writer, what the import must say it assumed)}.
TABLES: dict[str, tuple[Callable[[EmotionDataset, Path], Path], str]] = {
    "labels as floats": (
        lambda d, p: saved(p, _float_labels(text_rows(d)), HEADER),
        "",
    ),
    "labels as words": (lambda d, p: saved(p, _word_labels(text_rows(d)), HEADER), ""),
    "pixels as lists": (lambda d, p: saved(p, text_rows(d, as_list), HEADER), ""),
    "lists without quotes": (
        lambda d, p: (
            p.write_text(
                "emotion,pixels,Usage\n"
                + "".join(
                    f"{label},{text},{usage}\n" for label, text, usage in text_rows(d, as_list)
                )
            )
            and p
        ),
        "",
    ),
    "pixels from 0 to 1": (
        lambda d, p: saved(p, text_rows(d, as_unit), HEADER),
        "from 0 to 1: multiplied by 255",
    ),
    "pixels as 70.0": (lambda d, p: saved(p, text_rows(d, as_floats), HEADER), "such as 70.0"),
    "a column per pixel": (
        lambda d, p: saved(p, wide_rows(d), ["emotion", *PIXELS, "Usage"]),
        "The columns pixel0 to pixel2303 are the pixels",
    ),
    "columns named by numbers, label last": (
        lambda d, p: saved(p, _turned(wide_rows(d)), [*map(str, range(2304)), "Usage", "label"]),
        "The columns 0 to 2303 are the pixels",
    ),
    "columns px_1 to px_2304 and an index": (
        lambda d, p: saved(
            p,
            _indexed(wide_rows(d)),
            ["Unnamed: 0", "Emotion", *(f"px_{i + 1}" for i in range(2304)), "Usage"],
        ),
        "The columns px_1 to px_2304 are the pixels",
    ),
    "columns shuffled": (
        lambda d, p: saved(
            p,
            [[row[0], *reversed(row[1:-1]), row[-1]] for row in wide_rows(d)],
            ["emotion", *reversed(PIXELS), "Usage"],
        ),
        "The columns pixel0 to pixel2303 are the pixels",
    ),
    "semicolons": (
        lambda d, p: saved(p, text_rows(d), HEADER, separator=";"),
        "Semicolons separate",
    ),
    "semicolons and decimal commas": (
        lambda d, p: saved(
            p,
            [
                [row[0], *(repr(v / 255.0).replace(".", ",") for v in row[1:-1]), row[-1]]  # type: ignore[operator]
                for row in wide_rows(d)
            ],
            ["emotion", *PIXELS, "Usage"],
            separator=";",
        ),
        "Semicolons separate",
    ),
    "tabs": (lambda d, p: saved(p, text_rows(d), HEADER, separator="\t"), "Tabs separate"),
    "UTF-16": (
        lambda d, p: saved(p, text_rows(d), HEADER, encoding="utf-16"),
        "The text is UTF-16",
    ),
    "UTF-16 without a mark": (
        lambda d, p: saved(p, text_rows(d), HEADER, encoding="utf-16-be"),
        "The text is UTF-16",
    ),
    "UTF-8 with a mark": (lambda d, p: saved(p, text_rows(d), HEADER, encoding="utf-8-sig"), ""),
    "no header": (lambda d, p: saved(p, text_rows(d), None), "column 1 is taken for the labels"),
    "no header, an index, the label last": (
        lambda d, p: saved(p, _indexed(_turned(text_rows(d))), None),
        "column 4 is taken for the labels",
    ),
    "no header, a column per pixel": (
        lambda d, p: saved(p, wide_rows(d), None),
        "column 1 is taken for the labels, 2,304 others for the pixels",
    ),
    "no header, a column per pixel, index and label": (
        lambda d, p: saved(p, _indexed(wide_rows(d)), None),
        "column 2 is taken for the labels, 2,304 others for the pixels",
    ),
    "an array's columns": (
        lambda d, p: saved(p, wide_rows(d), [*map(str, range(2305)), "Usage"]),
        "column 1 is taken for the labels",
    ),
    "every field in quotes, other order and case": (
        lambda d, p: saved(
            p,
            [[u, t, k] for k, t, u in text_rows(d)],
            ["USAGE", "Pixels", "EMOTION"],
            quoting=csv.QUOTE_ALL,
        ),
        "",
    ),
    "other names of columns": (
        lambda d, p: saved(p, text_rows(d), ["class", "image", "subset"]),
        "The column 'class' holds the labels",
    ),
}
