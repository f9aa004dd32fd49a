"""Model files that were made to do harm: refused in one sentence, before anything is read."""

import json
import random
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from emotion_core.classifiers.card import CARD_FILE, ModelCard, load_card
from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.classifiers.shrink import shrink_keras
from emotion_core.classifiers.third_party.keras_loading import check_keras_file, load_keras
from emotion_core.classifiers.third_party.third_party_models import (
    ThirdPartyModel,
    build_third_party_folder,
)
from emotion_core.classifiers.third_party.weights_only import load_known
from emotion_core.errors import EmotionLensError, ModelError
from emotion_core.files.atomic_files import file_sha256
from tests.classifiers.conftest import card_values
from tests.classifiers.third_party import keras2_files

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SECRET = b"what stands in another file, 48 bytes of it....."


def external_data(group: h5py.Group, secret: Path) -> None:
    group.create_dataset("0", (12,), "f4", external=[(str(secret), 0, 48)])


def virtual_data(group: h5py.Group, secret: Path) -> None:
    layout = h5py.VirtualLayout((12,), "f4")
    layout[:] = h5py.VirtualSource(str(secret), "x", (12,))
    group.create_virtual_dataset("0", layout)


def external_link(group: h5py.Group, secret: Path) -> None:
    group["0"] = h5py.ExternalLink(str(secret), "/x")


def soft_link(group: h5py.Group, secret: Path) -> None:
    group["0"] = h5py.SoftLink("/layers")


def nothing_that_claims_745_gib(group: h5py.Group, secret: Path) -> None:
    group.create_dataset("0", (200_000, 1_000_000), "f4", chunks=(1000, 1000), compression="gzip")


def a_group_in_itself(group: h5py.Group, secret: Path) -> None:
    group["0"] = group


TRICKS = [
    external_data, virtual_data, external_link, soft_link, nothing_that_claims_745_gib,
    a_group_in_itself,
]  # fmt: skip


@pytest.fixture(params=TRICKS, ids=lambda trick: trick.__name__)
def trick(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[h5py.Group], None]:
    secret = tmp_path / "secret"
    secret.write_bytes(SECRET)
    return lambda group: request.param(group, secret)


def refusal(action: Callable[[], object]) -> str:
    """One sentence, and little memory."""
    tracemalloc.start()
    try:
        with pytest.raises(EmotionLensError) as caught:
            action()
        assert tracemalloc.get_traced_memory()[1] < 100e6
    finally:
        tracemalloc.stop()
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 600
    return text


def told(**changes: Any) -> ThirdPartyModel:
    labels = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
    values = {"name": "x", "title": "X", "description": "X.", "labels": labels, "scale": "0-1"}
    return ThirdPartyModel(**{**values, **changes})


def test_weights_that_reach_outside_or_claim_too_much(trick, tmp_path: Path) -> None:
    new, old = tmp_path / "new.weights.h5", tmp_path / "old.h5"
    with h5py.File(new, "w") as file:
        trick(file.create_group("layers/conv2d/vars"))
    with h5py.File(old, "w") as file:
        file.attrs["layer_names"] = [b"conv2d_1"]
        group = file.create_group("conv2d_1")
        group.attrs["weight_names"] = [b"0"]
        trick(group)
    for path in (new, old):
        assert "is refused: at /" in refusal(lambda path=path: load_known(path))
        text = refusal(
            lambda path=path: build_third_party_folder(path, told(labels=(), scale=""), tmp_path)
        )
        assert "is refused: at /" in text


@pytest.fixture(scope="module")
def plain_keras(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import keras
    from keras import layers

    path = tmp_path_factory.mktemp("plain") / "model.keras"
    keras.Sequential([keras.Input((48, 48, 1)), layers.Flatten(), layers.Dense(7)]).save(path)
    return path


def repacked(source: Path, target: Path, **entries: bytes | str) -> Path:
    """A copy of a .keras file with some entries replaced; names without their ending."""
    names = {"config": "config.json", "metadata": "metadata.json", "weights": "model.weights.h5"}
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for key, name in names.items():
            new.writestr(name, entries.get(key, old.read(name)))
    return target


def test_keras_files_whose_weights_do_it(trick, plain_keras: Path, tmp_path: Path) -> None:
    inner = tmp_path / "inner.h5"
    with h5py.File(inner, "w") as file:
        trick(file.create_group("layers/dense/vars"))
    path = repacked(plain_keras, tmp_path / "bad.keras", weights=inner.read_bytes())
    for action in (
        lambda: check_keras_file(path),
        lambda: load_keras(path),
        lambda: shrink_keras(path, tmp_path / "small.keras"),
        lambda: build_third_party_folder(path, told(), tmp_path),
    ):
        assert "is refused: at /layers/dense/vars" in refusal(action)


def test_whole_models_in_hdf5_that_do_it(trick, plain_keras: Path, tmp_path: Path) -> None:
    path = tmp_path / "bad.h5"
    keras2_files.write(path, load_keras(plain_keras))
    with h5py.File(path, "a") as file:
        trick(file.create_group("model_weights/more"))
    assert "is refused: at /model_weights/more" in refusal(lambda: load_keras(path))


def test_a_model_folder_is_looked_through_before_it_is_added(
    make_folder, plain_keras: Path, tmp_path: Path
) -> None:
    folder = make_folder()
    with h5py.File(tmp_path / "inner.h5", "w") as file:
        file["x"] = h5py.ExternalLink("/etc/passwd", "/")
    weights = (tmp_path / "inner.h5").read_bytes()
    repacked(plain_keras, folder / "model.keras", weights=weights)
    card = load_card(folder)
    files = {**card.files, "model.keras": file_sha256(folder / "model.keras")}
    card.replaced(files=files).save(folder)
    assert "is refused: at /x" in refusal(lambda: ModelRegistry(tmp_path / "new").add(folder))
    (problem,) = ModelRegistry(folder.parent).verify("compact")
    assert "is refused: at /x" in problem


def dense(units: int) -> dict[str, Any]:
    layers = [
        {"class_name": "Conv2D", "config": {
            "name": "c", "filters": 8, "kernel_size": [3, 3], "batch_input_shape": [None, 48, 48, 1]
        }},
        {"class_name": "Flatten", "config": {"name": "f"}},
        {"class_name": "Dense", "config": {"name": "d", "units": units}},
    ]  # fmt: skip
    return {"class_name": "Sequential", "config": layers}


def test_a_description_that_asks_for_too_many_weights(plain_keras: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.h5"
    with h5py.File(old, "w") as file:
        file.attrs["model_config"] = json.dumps(dense(10**8)).encode()
    assert "weights. Wanted at most" in refusal(lambda: load_keras(old))
    with zipfile.ZipFile(plain_keras) as archive:
        config = json.loads(archive.read("config.json"))
    config["config"]["layers"][-1]["config"]["units"] = 10**9
    new = repacked(plain_keras, tmp_path / "new.keras", config=json.dumps(config))
    assert "weights. Wanted at most" in refusal(lambda: load_keras(new))


def zip_with(flag: int = 0, method: int = 0) -> Callable[[bytes], bytes]:
    """Changes the flags or the method of the first entry, in both of its headers."""

    def change(content: bytes) -> bytes:
        data = bytearray(content)
        for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            at = data.find(mark) + place
            data[at] |= flag
            data[at + 2] |= method
        return bytes(data)

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (zip_with(flag=1), "encrypted"),
        (zip_with(method=99), "method that Keras does not read"),
        (lambda content: content[: len(content) // 2] + content[-200:], "model.keras"),
    ],
)
def test_zips_that_cannot_be_read(plain_keras: Path, tmp_path: Path, change, words: str) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(change(plain_keras.read_bytes()))
    assert words in refusal(lambda: load_keras(path))


def test_zip_bombs(plain_keras: Path, tmp_path: Path) -> None:
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", " " * 70_000_000 + "{}")
    assert "claim" in refusal(lambda: load_keras(path))
    # One that lies about its size as well.
    data = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.find(mark) + place
        data[at : at + 4] = (1000).to_bytes(4, "little")
    path.write_bytes(data)
    refusal(lambda: load_keras(path))


@pytest.mark.parametrize(
    "config",
    [
        "[" * 900 + "]" * 900,
        '{"class_name": "Sequential", "config": ' + "[" * 300 + "]" * 300 + "}",
        "5",
        "null",
        '{"class_name": 5, "config": {}}',
        '{"class_name": "Sequential", "config": 5}',
        '{"class_name": "Sequential", "config": []}',
        '{"class_name": "Model", "config": {"layers": [{"class_name": "Dense"}]}}',
        '{"class_name": "Model", "config": {"layers": [], "input_layers": 3, "output_layers": 1}}',
        '{"class_name": "Sequential", "config": [{"class_name": "Dense", "config": null}]}',
        '{"class_name": "Functional", "module": "keras", "config": {"layers": 3}}',
    ],
)
def test_descriptions_that_are_none(plain_keras: Path, tmp_path: Path, config: str) -> None:
    refusal(lambda: load_keras(repacked(plain_keras, tmp_path / "c.keras", config=config)))
    with h5py.File(tmp_path / "c.h5", "w") as file:
        file.attrs["model_config"] = config
    refusal(lambda: load_keras(tmp_path / "c.h5"))


@pytest.mark.parametrize(
    "attributes",
    [
        {"model_config": 5},
        {"model_config": np.array([1, 2])},
        {"model_config": b"\xff\xfe"},
        {"layer_names": 5},
        {"layer_names": [b"missing"]},
        {"layer_names": [b"\xff"]},
        {"layer_names": np.array([1, 2])},
        {"layer_names": [b"a"], "a": {"weight_names": [b"none"]}},
        {"layer_names": [b"a"], "a": {"weight_names": 3.5}},
    ],
)
def test_attributes_of_another_kind(tmp_path: Path, attributes: dict[str, Any]) -> None:
    path = tmp_path / "odd.h5"
    with h5py.File(path, "w") as file:
        file.create_group("a")
        for name, value in attributes.items():
            if isinstance(value, dict):
                file["a"].attrs.update(value)
            else:
                file.attrs[name] = value
    refusal(lambda: build_third_party_folder(path, told(), tmp_path))


def test_a_pipe_is_no_model(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe.h5")
    assert "named pipe" in refusal(
        lambda: build_third_party_folder(tmp_path / "pipe.h5", told(), tmp_path)
    )


@pytest.mark.slow
def test_damaged_bytes_are_always_one_sentence(plain_keras: Path, tmp_path: Path) -> None:
    """A small fuzz with a fixed seed over what is read without Keras: zip, HDF5 and cards."""
    random_ = random.Random(7)
    weights = tmp_path / "w.h5"
    keras2_files.write(weights, load_keras(plain_keras))
    card = json.dumps(ModelCard(**card_values(sources=[])).to_dict()).encode()
    sources = {"k.keras": plain_keras.read_bytes(), "w.h5": weights.read_bytes(), CARD_FILE: card}
    readers: dict[str, Callable[[Path], object]] = {
        "k.keras": check_keras_file, "w.h5": check_keras_file,
        CARD_FILE: lambda path: load_card(path.parent),
    }  # fmt: skip
    failed = 0
    for name, content in sources.items():
        # HDF5 is read in another process each time: damaged files crash the library itself.
        for _ in range(300 if name == CARD_FILE else 8):
            data = bytearray(content)
            # Headers first: that is where files are understood.
            for _ in range(random_.randint(1, 6)):
                data[random_.randrange(min(len(data), 4000))] = random_.randrange(256)
            if random_.random() < 0.3:
                del data[random_.randrange(len(data)) :]
            (tmp_path / name).write_bytes(data)
            try:
                readers[name](tmp_path / name)
            except ModelError:
                failed += 1
    assert failed > 100
