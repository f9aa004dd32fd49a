"""Every folder and every environment variable of Emotion Lens."""

import os
from pathlib import Path

#: Where runs, imported data and histories go.
HOME_ENV = "EMOTION_LENS_HOME"
#: Another folder of models.
MODELS_ENV = "EMOTION_LENS_MODELS"
#: The data set (Parquet) that commands use unless they are given one.
DATASET_ENV = "EMOTION_LENS_DATASET"
#: Path of a YuNet detector file (ONNX).
YUNET_ENV = "EMOTION_LENS_YUNET"
#: Comma-separated STUN and TURN servers, e.g. ``turn:turn.example.org:3478``.
TURN_URLS_ENV = "EMOTION_LENS_TURN_URLS"
TURN_USERNAME_ENV = "EMOTION_LENS_TURN_USERNAME"
TURN_CREDENTIAL_ENV = "EMOTION_LENS_TURN_CREDENTIAL"
#: How many may use the live page at once.
MAX_VIEWERS_ENV = "EMOTION_LENS_MAX_VIEWERS"
#: Set to anything, errors of the command line keep their traceback.
TRACEBACK_ENV = "EMOTION_LENS_TRACEBACK"

#: The folder in which the package lies: the project's, in a checkout.
ROOT = Path(__file__).resolve().parents[1]


def home_folder() -> Path:
    """The folder of ``EMOTION_LENS_HOME``, else the folder of the app."""
    return Path(os.environ.get(HOME_ENV) or ROOT)


def runs_folder() -> Path:
    """Where training runs stand, one folder each. It may not exist yet."""
    return home_folder() / "runs"


def data_folder() -> Path:
    """Where data sets and what is computed of them stand. It may not exist yet."""
    return home_folder() / "data"


def jobs_folder() -> Path:
    """Where long work keeps its orders, progress and results. It may not exist yet."""
    return home_folder() / "jobs"


def models_folder() -> Path:
    """The folder of ``EMOTION_LENS_MODELS``, else the models that come with the project."""
    return Path(os.environ.get(MODELS_ENV) or ROOT / "models")
