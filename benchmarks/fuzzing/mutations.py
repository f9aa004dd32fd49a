"""Damage, decided by a random generator: the same seed gives the same bytes."""

import copy
import io
import json
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np

Rng = np.random.Generator
Mutation = Callable[[Rng, bytes], bytes]

#: Text that readers have fallen over: empty, huge, not numbers, formulas, control characters.
HOSTILE_TEXTS = (
    "", " ", "nan", "-inf", "1e999", "-1", "2.5", "0.0", "9" * 400, "9" * 5000, "null", "true",
    "[]", "{}", "[70, 80]", "\x00", "\ud83d\ude00", "\u202e", "=cmd|' !A0", "../x", "/dev/zero",
    "a" * 70_000, "\r\n", '"', "'", ",", ";", "\t", "%s%n", "0x10", "1_000", "١٢",
)  # fmt: skip

#: Values that stand where JSON should hold something else.
HOSTILE_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 1e308, 10**30, float("nan"), float("inf"), "", "x", "a" * 5000,
    [], [1], [None], [[1, 2], [3]], {}, {"x": 1}, {"": None}, "NaN", "1", "../..", "=1+1",
)  # fmt: skip

_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def damage(rng: Rng, data: bytes, other: bytes) -> bytes:
    """One to four changes of the bytes.

    Args:
        rng: decides.
        data: what is damaged.
        other: another file of the same kind, to splice with.
    """
    for _ in range(int(rng.integers(1, 5))):
        data = _BYTE_CHANGES[int(rng.integers(len(_BYTE_CHANGES)))](rng, data)
    if rng.random() < 0.1 and other:
        data = data[: _place(rng, data)] + other[_place(rng, other) :]
    return data


def _place(rng: Rng, data: bytes) -> int:
    """An offset; the first bytes, where headers stand, are as likely as all the rest."""
    limit = min(len(data), 512) if rng.random() < 0.5 else len(data)
    return int(rng.integers(limit + 1))


def _flip(rng: Rng, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 9))):
        if changed:
            changed[min(_place(rng, data), len(changed) - 1)] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _number(rng: Rng, data: bytes) -> bytes:
    form = ("<B", "<H", ">H", "<I", ">I")[int(rng.integers(5))]
    size = struct.calcsize(form)
    value = _NUMBERS[int(rng.integers(len(_NUMBERS)))] & ((1 << 8 * size) - 1)
    place = _place(rng, data)
    return data[:place] + struct.pack(form, value) + data[place + size :]


def _cut(rng: Rng, data: bytes) -> bytes:
    return data[: _place(rng, data)]


def _without(rng: Rng, data: bytes) -> bytes:
    place = _place(rng, data)
    return data[:place] + data[place + int(rng.integers(1, 300)) :]


def _twice(rng: Rng, data: bytes) -> bytes:
    place, size = _place(rng, data), int(rng.integers(1, 300))
    return data[: place + size] + data[place:]


def _zeros(rng: Rng, data: bytes) -> bytes:
    place, size = _place(rng, data), int(rng.integers(1, 64))
    fill = (b"\0", b"\xff", b" ", b"\n")[int(rng.integers(4))]
    return data[:place] + fill * size + data[place + size :]


def _text(rng: Rng, data: bytes) -> bytes:
    place = _place(rng, data)
    text = HOSTILE_TEXTS[int(rng.integers(len(HOSTILE_TEXTS)))]
    return data[:place] + text.encode("utf-8", "surrogatepass") + data[place:]


_BYTE_CHANGES: tuple[Mutation, ...] = (_flip, _number, _cut, _without, _twice, _zeros, _text)


def damage_table(rng: Rng, data: bytes) -> bytes:
    """Changes cells, lines, separators or the encoding of a text table."""
    lines = data.decode("utf-8", "replace").splitlines()
    choice = int(rng.integers(8))
    if choice == 0:
        lines = lines[: int(rng.integers(3))]
    elif choice == 1 and lines:
        del lines[int(rng.integers(len(lines)))]
    elif choice == 2 and lines:
        lines.insert(int(rng.integers(len(lines))), lines[int(rng.integers(len(lines)))])
    elif choice == 3:
        swap = (";", "\t", "|", " ")[int(rng.integers(4))]
        lines = [line.replace(",", swap) for line in lines]
    elif choice == 4:
        encoding = ("utf-16", "utf-16-le", "utf-8-sig", "latin-1", "utf-32")[int(rng.integers(5))]
        return "\n".join(lines).encode(encoding, "replace")
    elif lines:
        for _ in range(int(rng.integers(1, 4))):
            at = 0 if rng.random() < 0.3 else int(rng.integers(len(lines)))
            cells = lines[at].split(",")
            text = HOSTILE_TEXTS[int(rng.integers(len(HOSTILE_TEXTS)))]
            cells[int(rng.integers(len(cells)))] = text
            lines[at] = ",".join(cells)
    end = ("\n", "\r\n", "\r")[int(rng.integers(3))]
    return end.join(lines).encode("utf-8", "surrogatepass")


def damage_json(rng: Rng, data: bytes) -> bytes:
    """Replaces, removes or adds values somewhere in a JSON document."""
    if rng.random() < 0.03:
        depth = int(rng.integers(100, 200_000))
        return b"[" * depth + b"]" * depth
    value = json.loads(data)
    for _ in range(int(rng.integers(1, 4))):
        value = _changed(rng, value)
    return json.dumps(value).encode()


def _changed(rng: Rng, value: Any) -> Any:
    if isinstance(value, dict | list) and value and rng.random() < 0.85:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = keys[int(rng.integers(len(keys)))]
        roll = rng.random()
        if roll < 0.1:
            del value[key]
        elif roll < 0.15 and isinstance(value, dict):
            text = HOSTILE_TEXTS[int(rng.integers(len(HOSTILE_TEXTS)))][:50]
            value[text] = copy.deepcopy(value[key])
        elif roll < 0.2 and isinstance(value, list):
            value.extend(copy.deepcopy([value[key]] * int(rng.integers(1, 2000))))
        else:
            value[key] = _changed(rng, value[key])
        return value
    if rng.random() < 0.3:
        return HOSTILE_TEXTS[int(rng.integers(len(HOSTILE_TEXTS)))]
    # A copy: later changes may go into it.
    return copy.deepcopy(HOSTILE_VALUES[int(rng.integers(len(HOSTILE_VALUES)))])


_ENTRY_NAMES = (
    "", ".", "..", "../x.png", "/etc/x.png", "C:\\x.png", "a/../../b.jpg", "CON", "NUL.jpg",
    'a<b>|".jpg', "x" * 300 + ".png", "\x00.png", "=1+1.jpg", "train/angry/../x.png", "__MACOSX/a",
    "train/01_angry/a.png", "a.zip", "./.png", "\ud83d\ude00.jpg",
)  # fmt: skip


def damage_zip(rng: Rng, data: bytes, inner: Callable[[Rng, str, bytes], bytes]) -> bytes:
    """Packs the entries anew: damaged inside, renamed, flagged, left out or doubled.

    Args:
        rng: decides.
        data: a good zip file.
        inner: damages the content of an entry, by its name.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = [(info.filename, archive.read(info)) for info in archive.infolist()]
    chosen = set(rng.integers(len(entries), size=int(rng.integers(1, 4))).tolist())
    file = io.BytesIO()
    methods = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    with zipfile.ZipFile(file, "w") as archive:
        for i, (name, content) in enumerate(entries):
            roll = rng.random() if i in chosen else 1.0
            if roll < 0.1:
                continue
            if roll < 0.3:
                name = _ENTRY_NAMES[int(rng.integers(len(_ENTRY_NAMES)))]
            elif roll < 0.8:
                content = inner(rng, name, content)
            info = zipfile.ZipInfo(name or "x")
            # Half characters cannot be packed; an empty name is refused by ZipInfo itself.
            info.filename = name.encode("utf-8", "replace").decode()
            info.compress_type = methods[int(rng.integers(4))]
            if roll < 0.9 and rng.random() < 0.1:
                info.external_attr = 0o120777 << 16  # a symbolic link
            archive.writestr(info, content)
    packed = file.getvalue()
    roll = rng.random()
    if roll < 0.1:  # says that its entries are encrypted, in both directories
        packed = _flagged(packed, 0x1)
    elif roll < 0.2:  # a method that nobody knows
        packed = _method(packed, int(rng.integers(20, 99)))
    elif roll < 0.3:
        packed = damage(rng, packed, b"")
    return packed


def _flagged(data: bytes, flag: int) -> bytes:
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data = _each(data, signature, place, flag)
    return data


def _method(data: bytes, method: int) -> bytes:
    for signature, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        data = _each(data, signature, place, method)
    return data


def _each(data: bytes, signature: bytes, place: int, value: int) -> bytes:
    changed, at = bytearray(data), data.find(signature)
    while at >= 0:
        changed[at + place : at + place + 2] = struct.pack("<H", value)
        at = data.find(signature, at + 4)
    return bytes(changed)


def damage_h5(rng: Rng, data: bytes) -> bytes:
    """Changes attributes, data sets and links of an HDF5 file."""
    import h5py  # type: ignore[import-untyped]

    file = io.BytesIO(data)
    with h5py.File(file, "r+") as h5:
        places: list[Any] = [h5]
        h5.visititems(lambda _, item: places.append(item))
        for _ in range(int(rng.integers(1, 4))):
            item = places[int(rng.integers(len(places)))]
            if rng.random() < 0.6:
                item = h5 if rng.random() < 0.5 else item
                _change_attribute(rng, item)
            elif isinstance(item, h5py.Group):
                _change_group(rng, item)
    return file.getvalue()


def _change_attribute(rng: Rng, item: Any) -> None:
    names = [*item.attrs.keys(), "layer_names", "weight_names", "model_config"]
    name = names[int(rng.integers(len(names)))]
    old = item.attrs.get(name)
    roll = rng.random()
    if roll < 0.2:
        item.attrs.pop(name, None)
    elif roll < 0.5 and isinstance(old, str | bytes) and old[:1] in ("{", b"{"):
        item.attrs[name] = damage_json(rng, old.encode() if isinstance(old, str) else old)[:60_000]
    else:
        values: tuple[Any, ...] = (
            5, 2.5, "", "x", b"\xff\xfe", [1, 2], ["a", "b"], [b"x", b"\xff"], np.zeros((2, 2)),
            np.array([], "S1"), "[" * 30_000, [b"../a", b"/"],
        )  # fmt: skip
        item.attrs[name] = values[int(rng.integers(len(values)))]


def _change_group(rng: Rng, group: Any) -> None:
    import h5py

    names = list(group)
    roll = rng.random()
    name = names[int(rng.integers(len(names)))] if names else "new"
    if name in group:
        del group[name]
    if roll < 0.2:
        group[name] = h5py.SoftLink("/nowhere")
    elif roll < 0.4:
        group[name] = h5py.ExternalLink("/etc/hostname", "/")
    elif roll < 0.55:
        group.create_dataset(name, shape=(1 << 38,), dtype="f4", chunks=(1 << 10,))
    elif roll < 0.7:
        layout = h5py.VirtualLayout(shape=(4,), dtype="f4")
        layout[:] = h5py.VirtualSource("/etc/hostname", "x", shape=(4,))
        group.create_virtual_dataset(name, layout)
    elif roll < 0.85:
        group[name] = np.full((3, 3), np.nan, "f4")
