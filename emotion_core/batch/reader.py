"""Reads one input after the other with one opened model; every executor's processes do so."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from emotion_core import tables
from emotion_core.batch.items import Item, Outcome
from emotion_core.batch.options import VIDEOS, BatchOptions
from emotion_core.batch.stores import base_name, download, is_address, open_address, reason
from emotion_core.classifiers.registry import load_model
from emotion_core.emotions import FER2013
from emotion_core.errors import BatchError, EmotionLensError, ImageError
from emotion_core.files.atomic_files import make_folder
from emotion_core.files.publishing import scratch_folder
from emotion_core.images import decode_image, load_image
from emotion_core.images.limits import MAX_BYTES
from emotion_core.pipeline import EmotionPipeline
from emotion_core.stream import StreamPipeline
from emotion_core.types import Frame, UInt8Array
from emotion_core.video.versions import versions
from emotion_core.video.video_files import HEAD_BYTES, is_video

#: One thread per process: there are as many processes as there is to do.
ONE_THREAD: Mapping[str, str] = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENCV_FOR_THREADS_NUM": "1",
}

# A process is replaced after so many inputs, or when it has grown by so much since its first
# shard: decoders leak, and memory falls to pieces.
_MOST_INPUTS = 10_000
_MOST_GROWTH_BYTES = 700_000_000


class ItemReader:
    """Opens model and detector once, and reads inputs by them.

    Args:
        options: how; their kind is ``photos`` or ``videos``.

    Raises:
        ModelError: no such model, or it has not these labels.
        DetectorError: no such detector, or it cannot be used here.
    """

    def __init__(self, options: BatchOptions) -> None:
        self._options = options
        self._pipeline: EmotionPipeline | StreamPipeline
        if options.kind == VIDEOS:
            self._pipeline = options.video().build_pipeline(threads=1)
        else:
            self._pipeline = EmotionPipeline.load(
                load_model(options.model, threads=1, labels=options.labels),
                options.detector,
                min_confidence=options.min_confidence,
                small_faces=options.small_faces,
                max_side_px=options.detection_size,
                threshold=options.threshold,
                threads=1,
            )
        self._card = getattr(self._pipeline.classifier, "card", None)
        self._labels = str(getattr(self._pipeline.classifier, "labels", ""))
        self._read = 0
        self._first_bytes = 0

    def identity(self) -> dict[str, Any]:
        """Everything beside options and input that rows depend on, as JSON."""
        card = self._card
        return {
            "model": card.name if card else "",
            "sha256": card.sha256 if card else "",
            "labels": self._labels,
            "detector": self._pipeline.detector.name,
            "emotions": list((card.label_set if card else FER2013).names),
            "versions": versions(),
        }

    @property
    def note(self) -> str:
        """What has to be known of the detector, e.g. that it stands in for a better one."""
        return self._pipeline.detector.note

    def read(self, position: int, item: Item, scratch: Path | None = None) -> Outcome:
        """Reads one input; whatever is wrong with it is in the outcome.

        Args:
            position: its place in the shard.
            item: the input.
            scratch: a folder of this input's own, in which a video that was begun goes on; None:
                it begins anew.
        """
        self._read += 1
        if item.problem:
            return Outcome(position, error=item.problem)
        try:
            if self._options.kind == VIDEOS:
                return Outcome(position, self._video(item, scratch))
            return Outcome(position, self._photo(item))
        except EmotionLensError as error:
            return Outcome(position, error=str(error))
        except Exception as error:  # one input must not cost the others theirs
            return Outcome(position, error=f"unexpected {type(error).__name__}: {error}")

    def is_worn_out(self) -> bool:
        """Whether another process should go on; asked after every shard."""
        now = int(psutil.Process().memory_info().rss)
        self._first_bytes = self._first_bytes or now
        return self._read >= _MOST_INPUTS or now - self._first_bytes > _MOST_GROWTH_BYTES

    def _photo(self, item: Item) -> list[dict[str, Any]]:
        try:
            image = _image(item)
        except ImageError as error:
            if _is_video(item):
                raise ImageError("a video: --kind videos reads it") from error
            raise
        result = self._pipeline.analyze(Frame(image))
        name = self._card.name if self._card else ""
        detector = self._pipeline.detector.name
        return tables.results_to_records(item.source, result, name, detector, self._labels)

    def _video(self, item: Item, scratch: Path | None) -> bytes:
        """The frame table of a video as an Arrow stream."""
        # Here and not at the top: processes that read photos start sooner and stay smaller.
        import pyarrow as pa

        from emotion_core.video.analysis import analyze_video
        from emotion_core.video.frame_table import read_rows

        pipeline = self._pipeline
        assert isinstance(pipeline, StreamPipeline)
        with scratch_folder(name="batch") as own:
            folder = scratch or own / "analysis"
            make_folder(folder)
            analyze_video(
                _local_video(item, own),
                output=folder,
                options=self._options.video(),
                pipeline=pipeline,
                resume=True,
                name=base_name(item.path) if is_address(item.path) else "",
            )
            rows = read_rows(folder / "frames.parquet").replace_schema_metadata(None)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, rows.schema) as stream:
            stream.write_table(rows)
        return bytes(sink.getvalue().to_pybytes())


def _image(item: Item) -> UInt8Array:
    if item.content is not None:
        return decode_image(item.content, name=base_name(item.path))
    if not is_address(item.path):
        return load_image(Path(item.path))
    name = base_name(item.path)
    with open_address(item.path) as file:
        try:
            data = file.read(MAX_BYTES + 1)
        except Exception as error:  # stores raise whatever their own packages do
            raise ImageError(f"cannot be read: {name} ({reason(error)}).") from error
    if len(data) > MAX_BYTES:
        raise ImageError(
            f"too large: {name} has more than {MAX_BYTES / 1e6:.0f} MB, which is the limit."
        )
    return decode_image(data, name=name)


def _is_video(item: Item) -> bool:
    """Whether what is no picture is a video."""
    try:
        if item.content is not None:
            head = item.content[:HEAD_BYTES]
        elif is_address(item.path):
            with open_address(item.path) as file:
                head = file.read(HEAD_BYTES)
        else:
            path = Path(item.path)
            if not path.is_file():
                return False
            with path.open("rb") as file:
                head = file.read(HEAD_BYTES)
    except (OSError, BatchError):
        return False
    return is_video(head, base_name(item.path))


def _local_video(item: Item, scratch: Path) -> Path:
    """The video as a file of this machine."""
    if not is_address(item.path):
        return Path(item.path)
    target = scratch / (base_name(item.path) or "video")
    if item.content is not None:
        target.write_bytes(item.content)
    else:
        download(item.path, target)
    return target
