"""Long work on videos as jobs: the analysis, and the annotated copy.

Both write into the video's folder of the library; the result only says what is there.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emotion_core.drawing import DrawOptions, draw_result
from emotion_core.errors import VideoError
from emotion_core.files.atomic_files import readable
from emotion_core.images import data_uri, encode_jpeg
from emotion_core.jobs import JobContext
from emotion_core.video.analysis import analyze_video
from emotion_core.video.annotating import annotate_video
from emotion_core.video.copy_faces import FaceFinder, copy_faces
from emotion_core.video.options import AnalysisOptions
from emotion_core.video.results import VideoProgress
from emotion_core.video.strip import small_picture
from emotion_core.video.video_folder import VideoFolder

# A picture of the work for people who look at the queue, and how often there is a new one.
_PREVIEW_PX, _PREVIEW_EVERY_S = 120, 2.0


def run_analysis(context: JobContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Analyses a video of the library by the options in its folder; goes on where it was.

    Args:
        context: of the job.
        arguments: ``folder`` of the video.

    Returns:
        ``frames``, ``faces`` and ``people``: how many there are.
    """
    folder = VideoFolder(Path(arguments["folder"]))
    source = folder.load_source()
    context.tell("Opening the video")
    preview = _Preview()

    def progress(now: VideoProgress) -> None:
        context.tell(
            "Reading the video", now.done, max(now.total, now.done) if now.total else 0,
            unit="frames", preview=preview.of(now),
        )  # fmt: skip

    done = analyze_video(
        _video(folder),
        output=folder.path,
        options=AnalysisOptions.read(folder.options),
        resume=True,
        name=source.get("name", ""),
        # What is known of a file outside may have changed with it.
        sha256=source.get("sha256", "") if source.get("stored") else "",
        strip=True,
        progress=progress,
        cancelled=context.cancelled,
    )
    digest = done.table.metadata["source"]["sha256"]
    if source.get("sha256") != digest:
        folder.write_source({**source, "sha256": digest})
    return {
        "frames": done.summary["sampled_frames"],
        "faces": done.summary["faces"],
        "people": done.summary["people"],
    }


def run_copy(context: JobContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Writes the annotated copy of a video of the library; see ``annotate_video``.

    Args:
        context: of the job.
        arguments: ``folder`` of the video, ``blur`` (bool), and ``threshold`` and
            ``half_life_s`` where they are others than those of the analysis.

    Returns:
        ``frames``: how many it has; ``notes``: what was odd.
    """
    folder = VideoFolder(Path(arguments["folder"]))
    context.tell("Opening the video")
    faces, table = copy_faces(folder, arguments.get("threshold"), arguments.get("half_life_s"))
    options = AnalysisOptions.from_dict(table.metadata.get("options", {}), "options")
    duration_s = table.metadata.get("source", {}).get("duration_s")
    end_s = options.to_s if options.to_s is not None else duration_s
    blur = bool(arguments.get("blur"))

    def tell(time_s: float) -> None:
        context.check()
        done, total = time_s - options.from_s, (end_s or 0.0) - options.from_s
        context.tell("Writing the copy", round(max(0.0, done), 1), round(max(0.0, total), 1),
                     unit="seconds of video")  # fmt: skip

    written = annotate_video(
        _video(folder),
        faces,
        folder.copy,
        blur=blur,
        find=FaceFinder(options) if blur else None,
        from_s=options.from_s,
        to_s=options.to_s,
        tell=tell,
    )
    return {"frames": written.frames, "notes": list(written.notes)}


class _Preview:
    """A small picture of the newest frame with its faces, now and then."""

    def __init__(self) -> None:
        self._made = float("-inf")
        self._shown: dict[str, str] = {}

    def of(self, now: VideoProgress) -> dict[str, str]:
        if time.monotonic() - self._made >= _PREVIEW_EVERY_S:
            self._made = time.monotonic()
            options = DrawOptions(labels=False, numbers=False)
            picture = small_picture(draw_result(now.frame.image, now.result, options), _PREVIEW_PX)
            self._shown = {"image": data_uri(encode_jpeg(picture, 70))}
        return self._shown


def _video(folder: VideoFolder) -> Path:
    path = folder.video_path()
    if path is None or not path.is_file():
        where = "" if path is None else f" ({readable(path)})"
        raise VideoError(
            f"The video{where} is not there any more. Bring it back, or remove it from the list."
        )
    return path
