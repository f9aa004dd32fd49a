"""The measurements of ``benchmark``, in the order in which they are taken."""

import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from emotion_core import __version__
from emotion_core.classifiers.litert_network import usable_threads
from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.classifiers.runtime import LiteRTClassifier
from emotion_core.cli.benchmark.frames import benchmark_photos, build_frames
from emotion_core.cli.benchmark.machine import machine_facts
from emotion_core.cli.benchmark.peers import Peer, available_peers
from emotion_core.cli.benchmark.timing import TimedRun, first_result, median_ms, take_turns
from emotion_core.drawing import draw_result
from emotion_core.faces import (
    SmallFaces,
    build_detector,
    default_detector_name,
    detector_names,
)
from emotion_core.images import decode_image, encode_jpeg
from emotion_core.pipeline import EmotionPipeline
from emotion_core.types import Frame, UInt8Array

#: Longest side on which faces are looked for; the first is the app's own and stands without a mark.
DETECTION_SIZES_PX = (640, 320)
BATCHES = (1, 8)


def run_suite(
    *,
    model: str | None,
    labels: str | None = None,
    detectors: Sequence[str] | None,
    photo: Path | None,
    rounds: int,
    with_peers: bool,
    progress: Callable[[str], None],
) -> dict[str, Any]:
    """Measures everything and returns the figures under the names of the interface.

    Args:
        model: None stands for the default.
        labels: whose labels answer; None stands for the model's own.
        detectors: None stands for all that are usable here.
        photo: what to make the frames of; None: photographs of installed packages.
        rounds: how often each frame is timed.
        with_peers: whether peers run beside ours.
        progress: told what happens now.

    Raises:
        EmotionLensError: an unknown model or detector, labels that the model has no head for, or
            no usable photo.
    """
    registry = ModelRegistry()
    model = model or registry.default_name()
    photos = benchmark_photos(photo)
    frames = build_frames(photos)
    classifier = registry.open(model, spin=True, labels=labels)
    pipelines = {
        contender_name(name, size): EmotionPipeline(
            build_detector(
                name, max_side_px=size, small_faces=SmallFaces.OFF, threads=usable_threads()
            ),
            classifier,
            try_rotations=False,
            crop_size_px=classifier.card.input_size_px,
        )
        for name in detectors or detector_names()
        for size in DETECTION_SIZES_PX
    }
    default = contender_name((detectors or [default_detector_name()])[0], DETECTION_SIZES_PX[0])
    figures: dict[str, Any] = {
        "version": __version__,
        "machine": machine_facts(),
        "model": model,
        "labels": classifier.labels,
        "detector": default,
        "frame_px": [640, 480],
        "rounds": rounds,
    }
    with ExitStack() as stack:
        contenders: dict[str, TimedRun] = {
            name: _timed(pipeline, frames) for name, pipeline in pipelines.items()
        }
        peers: list[Peer] = []
        if with_peers:
            paths = _saved(frames, stack)
            progress("Starting the peers.")
            peers = [stack.enter_context(Peer(n, paths)) for n in available_peers(progress)]
            contenders |= {_peer_key(peer.name): peer.time for peer in peers}
        progress(f"Timing {len(contenders)} contenders, {rounds} rounds.")
        medians, found = take_turns(contenders, frames, rounds)
    figures["frame_ms"] = {name: medians[name] for name in pipelines}
    figures["faces_found"] = {name.removeprefix(_PEER): by for name, by in found.items()}
    progress("Timing the stages, the classifier and a fresh process.")
    for key, frame in (("stage_ms", "one"), ("stage_ms_five", "five")):
        figures[key] = stage_ms(pipelines[default], frames[frame], rounds)
    figures["classifier_ms"] = classifier_ms(
        registry.open(model, threads=1, labels=labels), frames["five"], rounds
    )
    figures |= first_result(photos[0], model, classifier.labels, min(rounds, 3))
    if with_peers:
        figures["peers"] = {
            peer.name: _compared(medians[_peer_key(peer.name)], figures["frame_ms"])
            for peer in peers
        }
    return figures


_PEER = "peer "


def _peer_key(name: str) -> str:
    """A peer's key among the contenders, apart from a detector of the same name."""
    return _PEER + name


def contender_name(detector: str, size_px: int) -> str:
    """``"haar"`` at full size, ``"haar@320"`` at 320 px."""
    return detector if size_px == DETECTION_SIZES_PX[0] else f"{detector}@{size_px}"


def stage_ms(pipeline: EmotionPipeline, image: UInt8Array, rounds: int) -> dict[str, float]:
    """Median milliseconds of each stage for one frame."""
    data = encode_jpeg(image)
    frame = Frame(image)
    result = pipeline.analyze(frame)
    stages: dict[str, list[float]] = {}
    for _ in range(rounds):
        for stage, ms in pipeline.analyze(frame).stage_ms.items():
            stages.setdefault(stage, []).append(ms)
    return {
        "decode": round(median_ms(lambda: decode_image(data), rounds), 3),
        **{stage: round(statistics.median(values), 3) for stage, values in stages.items()},
        "draw": round(median_ms(lambda: draw_result(image, result), rounds), 3),
    }


def classifier_ms(classifier: LiteRTClassifier, image: UInt8Array, rounds: int) -> dict[str, float]:
    """Median milliseconds per face in batches of 1 and of 8, by an interpreter of one thread."""
    side = classifier.card.input_size_px
    crop = np.ascontiguousarray(image[:side, :side].mean(axis=2).astype(np.uint8))
    figures = {}
    for size in BATCHES:
        crops = np.repeat(crop[np.newaxis], size, axis=0)
        ms = median_ms(lambda crops=crops: classifier.predict(crops), 5 * rounds)  # type: ignore[misc]
        figures[str(size)] = round(ms / size, 3)
    return figures


def _timed(pipeline: EmotionPipeline, frames: Mapping[str, UInt8Array]) -> TimedRun:
    def run(frame: str) -> tuple[float, int]:
        start = time.perf_counter()
        result = pipeline.analyze(Frame(frames[frame]))
        return 1000 * (time.perf_counter() - start), len(result)

    return run


def _saved(frames: Mapping[str, UInt8Array], stack: ExitStack) -> dict[str, Path]:
    """The frames as .npy files, for as long as the stack is open."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    for name, image in frames.items():
        np.save(folder / f"{name}.npy", image)
    return {name: folder / f"{name}.npy" for name in frames}


def _compared(
    peer_ms: Mapping[str, float], ours: Mapping[str, Mapping[str, float]]
) -> dict[str, Any]:
    """A peer's milliseconds, and ours divided by them."""
    return {
        "frame_ms": dict(peer_ms),
        "ratio": {
            name: {frame: round(ms / peer_ms[frame], 3) for frame, ms in by_frame.items()}
            for name, by_frame in ours.items()
        },
    }
