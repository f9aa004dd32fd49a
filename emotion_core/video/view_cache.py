"""Tables as their users see them, kept while they stay the same: several readers, one reading."""

import threading
from collections import OrderedDict
from pathlib import Path

from emotion_core.video.frame_table import FrameTable, read_frame_table
from emotion_core.video.video_folder import VideoFolder
from emotion_core.video.view import VideoView, build_view
from emotion_core.video.view_settings import OWN, ViewSettings

#: An hour at 25 frames a second is about 60 MB.
MAX_KEPT = 6

_Stamp = tuple[str, int, int]


class ViewCache:
    """Views by what they are made of: the table, the people, the markers, the settings.

    Callable from any thread; one is built at a time, so that two who ask at once share it.
    """

    def __init__(self, max_kept: int = MAX_KEPT) -> None:
        self._max_kept = max_kept
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[object, ...], VideoView | FrameTable] = OrderedDict()

    def view(self, folder: VideoFolder, settings: ViewSettings = OWN) -> VideoView:
        """The view of a video's table as its files are now.

        Raises:
            VideoError: there is no table, one of the files cannot be read, or a setting is out of
                range.
        """
        key = (self.version(folder), settings)
        with self._lock:
            found = self._kept.get(key)
            if not isinstance(found, VideoView):
                found = build_view(
                    self._table(folder),
                    people=folder.people.edits(),
                    markers=folder.markers.load(),
                    threshold=settings.threshold,
                    half_life_s=settings.half_life_s,
                )
                self._keep(key, found)
            self._kept.move_to_end(key)
            return found

    def table(self, folder: VideoFolder) -> FrameTable:
        """The table itself, as the analysis wrote it.

        Raises:
            VideoError: there is none, or it cannot be read.
        """
        with self._lock:
            return self._table(folder)

    def version(self, folder: VideoFolder) -> tuple[_Stamp, ...]:
        """What changes when one of the files that a view is made of changes."""
        path = folder.path
        files = (folder.frames, path / "people.json", path / "markers.json")
        return tuple(_stamp(file) for file in files)

    def _table(self, folder: VideoFolder) -> FrameTable:
        key = (_stamp(folder.frames),)
        found = self._kept.get(key)
        if not isinstance(found, FrameTable):
            found = read_frame_table(folder.frames)
            self._keep(key, found)
        self._kept.move_to_end(key)
        return found

    def _keep(self, key: tuple[object, ...], value: VideoView | FrameTable) -> None:
        self._kept[key] = value
        while len(self._kept) > self._max_kept:
            self._kept.popitem(last=False)


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except OSError:
        return str(path), 0, 0
    return str(path), found.st_mtime_ns, found.st_size
