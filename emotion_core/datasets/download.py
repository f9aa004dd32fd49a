"""FER-2013 from Kaggle, through the optional package kagglehub."""

import importlib
from pathlib import Path

from emotion_core.errors import DatasetError

#: Kaggle's ``fer2013.csv``: lossless and in the original row order.
DEFAULT_HANDLE = "deadskull7/fer2013"


def download_dataset(handle: str = DEFAULT_HANDLE) -> Path:
    """Downloads a data set from Kaggle, or finds what was downloaded before.

    Args:
        handle: ``owner/name`` as in its address on Kaggle.

    Returns:
        The folder with its files, which ``import_dataset`` reads.

    Raises:
        DatasetError: kagglehub is not installed, the machine is offline, Kaggle refuses, or there
            is no such data set. The message says how to get the files by hand.
    """
    by_hand = (
        f"Or download https://www.kaggle.com/datasets/{handle} in a browser and run "
        "python -m emotion_core dataset import FILE."
    )
    try:
        kagglehub = importlib.import_module("kagglehub")
    except ImportError as error:
        raise DatasetError(
            "Downloading needs the package kagglehub, which is not installed. Run "
            f"pip install kagglehub and try again. {by_hand}"
        ) from error
    try:
        folder = Path(kagglehub.dataset_download(handle))
    except Exception as error:  # it hands on whatever its HTTP library and Kaggle answer with
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise DatasetError(
            f"Kaggle did not give {handle}: {reason}. Check the connection and the name, or sign "
            f"in as kagglehub's documentation says. {by_hand}"
        ) from error
    if not folder.exists():
        raise DatasetError(f"kagglehub named {folder}, which does not exist. {by_hand}")
    return folder
