"""Reads TensorBoard event files of other programs, without TensorBoard or TensorFlow.

The package is an extra, and its own reader imports TensorFlow, which would stand for seconds
between a history and the page that shows it. Our own logs are written by it (tensorboard.py).

Source of the format: tensorflow/core/lib/io/record_writer.h (records), and the messages Event,
Summary and TensorProto in tensorflow/core/util/event.proto and tensorflow/core/framework.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emotion_core.errors import TrainingError
from emotion_core.files.outside_files import read_bytes

EVENT_FILES = "events.out.tfevents.*"
_NUMBERS = {1: "<f4", 2: "<f8", 3: "<i4", 9: "<i8"}  # DataType -> NumPy
_LARGEST_BYTES = 200_000_000
_LIST_FIELDS = {5: "<f4", 6: "<f8"}  # float_val and double_val of TensorProto


@dataclass(frozen=True, slots=True)
class Scalar:
    """One point of a curve."""

    tag: str
    step: int
    value: float
    wall_time: float = 0.0


def read_scalars(path: Path) -> list[Scalar]:
    """The scalars of an event file, in its order. A last record that is cut off is left out.

    Raises:
        TrainingError: not an event file.
    """
    data, at = read_bytes(path, TrainingError, max_bytes=_LARGEST_BYTES), 0
    found: list[Scalar] = []
    try:
        while at + 12 <= len(data):
            (length,) = struct.unpack_from("<Q", data, at)
            if struct.unpack_from("<I", data, at + 8)[0] != _masked_crc(data[at : at + 8]):
                raise ValueError("the checksum of a record is wrong")
            if at + 16 + length > len(data):
                break  # TensorBoard's writers are killed, too
            found += _scalars(data[at + 12 : at + 12 + length])
            at += 16 + length
    except (ValueError, IndexError, struct.error) as error:
        raise TrainingError(f"{path.name}: wanted a TensorBoard event file: {error}.") from error
    if not at:
        raise TrainingError(f"{path.name}: wanted a TensorBoard event file. It has no records.")
    return found


def _scalars(event: bytes) -> Iterator[Scalar]:
    step, wall_time, summaries = 0, 0.0, []
    for field, value in _fields(event):
        if field == 1 and isinstance(value, bytes):
            wall_time = struct.unpack("<d", value)[0]
        elif field == 2 and isinstance(value, int):
            step = value
        elif field == 5 and isinstance(value, bytes):
            summaries.append(value)
    for summary in summaries:
        for _, entry in _fields(summary):
            parts = dict(_fields(entry)) if isinstance(entry, bytes) else {}
            tag, simple, tensor = parts.get(1), parts.get(2), parts.get(8)
            number = None
            if isinstance(simple, bytes):
                number = struct.unpack("<f", simple)[0]
            elif isinstance(tensor, bytes):
                number = _tensor_number(tensor)
            if isinstance(tag, bytes) and number is not None:
                yield Scalar(tag.decode("utf-8"), step, float(number), wall_time)


def _tensor_number(tensor: bytes) -> float | None:
    """The number of a tensor that holds exactly one; None for texts, pictures, histograms."""
    kind, values = 1, np.zeros(0)
    parts = list(_fields(tensor))
    for field, value in parts:
        if field == 1 and isinstance(value, int):
            kind = value
    for field, value in parts:
        form = _NUMBERS.get(kind) if field == 4 else _LIST_FIELDS.get(field)
        if form and isinstance(value, bytes) and len(value) % int(form[-1]) == 0:
            values = np.frombuffer(value, form)
    return float(values[0]) if values.size == 1 else None


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The (number, value) pairs of a protobuf message. Source: protobuf.dev, Encoding."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        if kind not in (1, 2, 5):
            raise ValueError("a record is no protobuf message")
        length, at = _varint(message, at) if kind == 2 else ({1: 8, 5: 4}[kind], at)
        if at + length > len(message):
            raise ValueError("a field is longer than its record")
        yield key >> 3, message[at : at + length]
        at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        if shift > 63:
            raise ValueError("a number is longer than 64 bits")
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def _crc_table() -> list[int]:
    """Of CRC-32C (Castagnoli), reflected polynomial 82F63B78."""
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_CRC = _crc_table()


def _masked_crc(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 255]
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
