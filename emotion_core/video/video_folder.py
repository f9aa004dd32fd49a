"""The files of one video: where it is, what was read in it, and what a person said of it."""

import time
from pathlib import Path
from typing import Annotated, Any

from typing_extensions import TypedDict

from emotion_core.errors import VideoError
from emotion_core.files.atomic_files import write_json
from emotion_core.files.outside_files import read_json
from emotion_core.schema.validation import validated
from emotion_core.schema.value_types import Number, Text, WholeNumber
from emotion_core.video.markers import MarkersFile
from emotion_core.video.people import PeopleFile

# A summary of some thousand people.
_MAX_SUMMARY_BYTES = 64_000_000


class StoredSource(TypedDict, total=False):
    """``source.json``: which video it is."""

    id: Annotated[str, Text(64)]
    name: Annotated[str, Text(1000)]
    size_bytes: Annotated[int, WholeNumber(0, 2**53)]
    sha256: Annotated[str, Text(64)]
    stored: Annotated[str | None, Text(1000, or_none=True)]
    path: Annotated[str | None, Text(10_000, or_none=True)]
    created: Annotated[float, Number(0, 253_000_000_000)]


class AnalysisFolder:
    """Where an analysis writes.

    Args:
        path: the folder; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        #: The options of the analysis, as JSON.
        self.options = path / "analysis.json"
        #: Finished chunks of the table; gone once the table is whole.
        self.parts = path / "parts"
        self.frames = path / "frames.parquet"
        self.summary = path / "summary.json"
        #: Some pictures of the video side by side, JPEG.
        self.strip = path / "strip.jpg"
        #: The annotated copy.
        self.copy = path / "copy.mp4"

    @property
    def is_done(self) -> bool:
        """Whether a whole table stands here, and its summary, which is written after it."""
        return self.frames.is_file() and self.summary.is_file()

    def load_summary(self) -> dict[str, Any] | None:
        """What ``summary.json`` says; None while there is none.

        Raises:
            VideoError: it cannot be read.
        """
        if not self.summary.is_file():
            return None
        found = read_json(self.summary, VideoError, max_bytes=_MAX_SUMMARY_BYTES)
        if not isinstance(found, dict):
            raise VideoError(f"{self.summary}: wanted an object of names and values.")
        return found


class VideoFolder(AnalysisFolder):
    """A video of the library: an analysis folder that also knows its video.

    Args:
        path: the folder; its name is the video's id.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.source = path / "source.json"
        #: Where an uploaded video stands.
        self.media = path / "media"
        self.markers = MarkersFile(path / "markers.json")
        self.people = PeopleFile(path / "people.json")

    def load_source(self) -> StoredSource:
        """Which video it is.

        Raises:
            VideoError: it cannot be read, or something in it cannot be used.
        """
        found = read_json(self.source, VideoError)
        return validated(StoredSource, found, str(self.source), VideoError)

    def write_source(self, source: StoredSource) -> None:
        """Replaces ``source.json``.

        Raises:
            OutputError: it cannot be written.
        """
        write_json(self.source, {"created": time.time(), **source})

    def video_path(self, source: StoredSource | None = None) -> Path | None:
        """Where the video itself is, or will be once it is uploaded; None where nobody knows.

        Args:
            source: what ``load_source`` gave; None: it is read.

        Raises:
            VideoError: ``source.json`` cannot be read.
        """
        source = self.load_source() if source is None else source
        if stored := source.get("stored"):
            return self.media / Path(stored).name  # never outside, whatever the file says
        outside = source.get("path")
        return Path(outside) if outside else None
