"""The one way to a data set in memory: a file or the synthetic data set, corrected or not."""

from pathlib import Path

from emotion_core.datasets.corrections import Corrections
from emotion_core.datasets.dataset import SYNTHETIC, EmotionDataset
from emotion_core.datasets.parquet import default_dataset_path, load_stored
from emotion_core.datasets.synthetic import build_synthetic


def load_dataset(
    path: Path | str | None = None, *, corrections: Path | bool = False
) -> EmotionDataset:
    """Loads a data set into memory (FER-2013: 83 MB).

    Args:
        path: the Parquet file, or ``synthetic`` for the synthetic data set. None: what
            ``EMOTION_LENS_DATASET`` says.
        corrections: a file of corrections to apply; True: the one beside the data set, if any.

    Raises:
        DatasetError: missing, not Parquet, columns missing, a picture that cannot be read, or
            corrections that belong to another set.
    """
    path = default_dataset_path() if path is None else Path(path)
    dataset = build_synthetic() if str(path) == SYNTHETIC else load_stored(path)
    if corrections is False:
        return dataset
    overlay = Corrections.load(path, None if corrections is True else corrections)
    return overlay.apply(dataset)
