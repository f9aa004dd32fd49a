"""What killed processes left behind goes away when the server starts."""

from emotion_core.home import data_folder, runs_folder
from emotion_core.unfinished import clean_below
from pages.shared.resources import registry


def clean_own_folders() -> None:
    """Deletes unfinished runs' files, models, data sets and results that nobody writes any more."""
    for folder in (runs_folder(), registry().root, data_folder()):
        clean_below(folder)
