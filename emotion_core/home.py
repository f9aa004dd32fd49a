"""Where runs, imports and recordings go."""

import os
from pathlib import Path

HOME_ENV = "EMOTION_LENS_HOME"
_APP = Path(__file__).resolve().parents[1]


def home_folder() -> Path:
    """The folder of ``EMOTION_LENS_HOME``, else the folder of the app."""
    return Path(os.environ.get(HOME_ENV) or _APP)


def runs_folder() -> Path:
    """Where training runs stand, one folder each. It may not exist yet."""
    return home_folder() / "runs"


def data_folder() -> Path:
    """Where data sets and what is computed of them stand. It may not exist yet."""
    return home_folder() / "data"
