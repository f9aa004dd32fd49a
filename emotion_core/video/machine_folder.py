"""Videos in a folder of this machine that its operator named: listed, and nothing else reached."""

import os
from dataclasses import dataclass
from pathlib import Path

from emotion_core.errors import VideoError
from emotion_core.files.atomic_files import readable

#: Endings of files that are offered; what such a file holds is found out when it is opened.
SUFFIXES = frozenset(
    {
        ".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts",
        ".mxf", ".ogv", ".ts", ".vob", ".webm", ".wmv",
    }
)  # fmt: skip
#: More would be a list that nobody reads.
MAX_LISTED = 2000
_MAX_DEPTH = 6


@dataclass(frozen=True, slots=True)
class FolderListing:
    """What a folder holds.

    Attributes:
        paths: relative to the folder, in the order of their names.
        left_off: how many more there are.
    """

    paths: tuple[Path, ...]
    left_off: int = 0


def list_videos(folder: Path) -> FolderListing:
    """The videos of a folder and the folders in it; links to other folders are not followed.

    Raises:
        VideoError: the folder cannot be read.
    """
    if not folder.is_dir():
        raise VideoError(
            f"{readable(folder)}: wanted a folder of videos. It is not there, or no folder. "
            "Whoever runs the dashboard can name another."
        )
    found = []
    for place, folders, files in os.walk(folder):
        here = Path(place).relative_to(folder)
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and len(here.parts) < _MAX_DEPTH
        )
        found += [
            here / name
            for name in files
            if Path(name).suffix.lower() in SUFFIXES and not name.startswith(".")
        ]
    found.sort()
    return FolderListing(tuple(found[:MAX_LISTED]), max(0, len(found) - MAX_LISTED))


def listed_video(folder: Path, name: str) -> Path:
    """The path of one of the videos of ``list_videos``.

    Args:
        folder: as for ``list_videos``.
        name: relative to it, as it was listed. It may come from a browser.

    Raises:
        VideoError: the folder holds no such video.
    """
    if Path(name) not in list_videos(folder).paths:
        raise VideoError(f"{name}: the folder does not hold this video any more.")
    return folder / name
