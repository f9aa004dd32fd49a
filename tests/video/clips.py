"""Clips made in the tests: what each frame is can be read from its pixels."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import Interpolation

MS = Fraction(1, 1000)
_EXACT = Interpolation.BILINEAR | Interpolation.ACCURATE_RND
_CELLS = 10  # bits of a number, as black and white squares in a row


def numbered(number: int, size: tuple[int, int] = (160, 120), ground: int = 60) -> np.ndarray:
    """(H, W, 3) uint8 BGR that carries a number: squares for bits, with a red mark at the left."""
    width, height = size
    image = np.full((height, width, 3), ground, np.uint8)
    side = width // (_CELLS + 2)
    top = height // 2 - side // 2
    image[top : top + side, :side] = (0, 0, 255)
    for bit in range(_CELLS):
        left = (bit + 1) * side
        image[top : top + side, left : left + side] = 235 if number >> bit & 1 else 20
    return image


def number_in(image: np.ndarray) -> int:
    """The number that a picture of `numbered` carries, after whatever codec."""
    height, width = image.shape[:2]
    side = width // (_CELLS + 2)
    middle = height // 2
    number = 0
    for bit in range(_CELLS):
        left = (bit + 1) * side
        cell = image[middle - side // 4 : middle + side // 4, left + side // 4 : left + side // 2]
        number |= int(cell.mean() > 128) << bit
    return number


def write_clip(
    path: Path,
    images: Iterable[np.ndarray],
    *,
    times_ms: Sequence[int] | None = None,
    fps: int = 25,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    start_ms: int = 0,
    audio: str | None = None,
    audio_first: bool = False,
    format: str | None = None,
    tags: dict[str, Any] | None = None,
    title: str = "",
) -> Path:
    """Writes a clip with PyAV.

    Args:
        path: of the file.
        images: (H, W, 3) uint8 BGR each, of one size.
        times_ms: presentation times; None for a constant rate.
        fps: of the constant rate.
        start_ms: is added to every time.
        audio: codec of a tone that is as long as the video.
        audio_first: whether the sound is the first stream.
        tags: attributes of the codec context.
    """
    images = list(images)
    height, width = images[0].shape[:2]
    ticking = times_ms is not None or start_ms > 0  # some codecs take no milliseconds
    base = MS if ticking else Fraction(1, fps)
    times = times_ms or [round(1000 * i / fps) for i in range(len(images))]
    with av.open(
        str(path), "w", format=format, container_options=container_options or {}
    ) as output:
        output.metadata.update({"title": title} if title else {})
        sound = output.add_stream(audio, rate=48000) if audio and audio_first else None
        stream = output.add_stream(codec, rate=fps, options=options or {})
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        stream.codec_context.time_base = base
        for name, value in (tags or {}).items():
            setattr(stream.codec_context, name, value)
        if audio and not audio_first:
            sound = output.add_stream(audio, rate=48000)
        if sound is not None:
            length_s = (times[-1] + 1000 / fps) / 1000
            output.mux(tone(sound, length_s, start_ms / 1000))
        for i, (image, time_ms) in enumerate(zip(images, times, strict=True)):
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            if pix_fmt != "bgr24":
                frame = frame.reformat(format=pix_fmt, interpolation=_EXACT)
            frame.pts, frame.time_base = (start_ms + time_ms if ticking else i), base
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return path


def tone(stream: Any, length_s: float, start_s: float = 0.0) -> list[Any]:
    """Packets of a tone of 440 Hz."""
    rate, packets = 48000, []
    t = np.arange(int(length_s * rate)) / rate
    wave = (0.2 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
    resampler = av.AudioResampler(stream.codec_context.format, stream.codec_context.layout, rate)
    for at in range(0, len(wave), 1024):
        frame = av.AudioFrame.from_ndarray(
            np.tile(wave[at : at + 1024], (1, 1)), format="fltp", layout="mono"
        )
        frame.rate = rate
        frame.pts, frame.time_base = at + round(start_s * rate), Fraction(1, rate)
        for part in resampler.resample(frame):
            packets += stream.encode(part)
    return packets + stream.encode()
