"""Clips that ordinary encoding does not make: turned, cut by an edit list, HDR, with a cover."""

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.stream import Disposition

from emotion_core.images import encode_jpeg
from tests.video.clips import numbered, tone

#: a, b, c, d of the display matrix that turns clockwise by so many degrees. Source: ISO/IEC
#: 14496-12, 6.2.2, and FFmpeg's libavutil/display.h.
TURNS = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}
MIRRORED = (-1, 0, 0, 1)
UPSIDE_DOWN = (1, 0, 0, -1)


def turn_by_header(path: Path, matrix: tuple[int, int, int, int]) -> Path:
    """Writes a display matrix into the header of an MP4's first track, as phones do."""
    data = bytearray(path.read_bytes())
    track = data.index(b"tkhd")
    assert data[track + 4] == 0, "version 0 has the matrix at this place"
    a, b, c, d = (value * 0x10000 for value in matrix)
    struct.pack_into(">9i", data, track + 4 + 40, a, b, 0, c, d, 0, 0, 0, 0x40000000)
    path.write_bytes(bytes(data))
    return path


def copied_from(source: Path, path: Path, key: int, first: int, fps: int = 25) -> Path:
    """What ``ffmpeg -ss TIME -i SOURCE -c copy`` makes: begins at a key frame before the cut, with
    an edit list that hides what is before the cut."""
    with av.open(str(source)) as given, av.open(str(path), "w") as output:
        stream = given.streams.video[0]
        copy = output.add_stream_from_template(stream)
        base = stream.time_base
        assert base is not None
        for packet in given.demux(stream):
            if packet.dts is None or packet.pts is None or packet.pts * base < Fraction(key, fps):
                continue
            packet.pts -= round(first / fps / base)
            packet.dts -= round(first / fps / base)
            packet.stream = copy
            output.mux(packet)
    return path


def with_cover(path: Path, audio: str, frames: int) -> Path:
    """Sound with a cover picture that is larger than the video; 0 frames: no video."""
    with av.open(str(path), "w") as output:
        sound = output.add_stream(audio, rate=48000)
        cover = output.add_stream("mjpeg", rate=25)
        cover.width, cover.height, cover.pix_fmt = 600, 600, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        video = None
        if frames:
            video = output.add_stream("libx264", rate=25)
            video.width, video.height, video.pix_fmt = 160, 120, "yuv420p"
        output.mux(tone(sound, 1.0))
        picture = av.Packet(encode_jpeg(np.full((600, 600, 3), 200, np.uint8)))
        picture.stream, picture.pts, picture.dts = cover, 0, 0
        picture.time_base = Fraction(1, 90000)
        output.mux(picture)
        for i in range(frames):
            assert video is not None
            frame = av.VideoFrame.from_ndarray(numbered(i), "bgr24").reformat(format="yuv420p")
            frame.pts, frame.time_base = i, Fraction(1, 25)
            output.mux(video.encode(frame))
        if video is not None:
            output.mux(video.encode())
    return path


# Linear light of BT.709 to that of BT.2020. Source: ITU-R BT.2087, the inverse of M2.
_TO_2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
# What white is in HDR pictures. Source: ITU-R BT.2408, 203 cd/m2.
_WHITE_NITS = 203.0
_HLG, _PQ = 18, 16  # AVCOL_TRC_ARIB_STD_B67, AVCOL_TRC_SMPTE2084


def _hlg(linear: np.ndarray) -> np.ndarray:
    """Display light, 1 = 1,000 cd/m2, to the signal. Source: ITU-R BT.2100, tables 5."""
    light = linear @ [0.2627, 0.678, 0.0593]
    scene = linear * light ** ((1 - 1.2) / 1.2)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), a * np.log(12 * scene - b) + c)


def _pq(linear: np.ndarray) -> np.ndarray:
    """Display light, 1 = 10,000 cd/m2, to the signal. Source: ITU-R BT.2100, table 4."""
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    y = linear**m1
    return ((c1 + c2 * y) / (1 + c3 * y)) ** m2


def hdr_clip(path: Path, rgb: tuple[int, int, int], curve: str) -> Path:
    """10-bit HEVC of one colour, as a phone's HDR camera writes what a screen shows as ``rgb``."""
    values = np.array(rgb) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    nits = (_TO_2020 @ linear) * _WHITE_NITS
    red, green, blue = _hlg(nits / 1000) if curve == "hlg" else _pq(nits / 10000)
    light = 0.2627 * red + 0.678 * green + 0.0593 * blue
    planes = (
        64 + 876 * light,
        512 + 896 * (blue - light) / 1.8814,
        512 + 896 * (red - light) / 1.4746,
    )
    trc = _HLG if curve == "hlg" else _PQ
    with av.open(str(path), "w") as output:
        options = {
            "x265-params": "log-level=none:bframes=0:rc-lookahead=0",
            "preset": "ultrafast",
            "crf": "5",
        }
        stream = output.add_stream("libx265", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p10le"
        codec = stream.codec_context
        codec.color_trc, codec.color_primaries, codec.colorspace = trc, 9, 9
        codec.color_range = 1
        for i in range(2):
            frame = av.VideoFrame(64, 64, "yuv420p10le")
            for plane, value in zip(frame.planes, planes, strict=True):
                samples = np.full(plane.buffer_size // 2, round(float(value)), np.uint16)
                plane.update(samples.tobytes())
            frame.color_trc, frame.color_primaries, frame.colorspace = trc, 9, 9
            frame.color_range = 1
            frame.pts, frame.time_base = i, Fraction(1, 25)
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return path
