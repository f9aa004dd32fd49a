"""Good files of every kind, made here; the damage begins with them."""

import io
import json
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from emotion_core.datasets import build_synthetic, export_dataset, write_dataset

_SIDE = 24
#: Size of the faces of the small Keras models.
MODEL_PX = 16
_HISTORY = "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds\n" + "".join(
    f"{i},{1.9 / i:.4f},{0.3 + i / 20:.4f},{2.0 / i:.4f},{0.28 + i / 21:.4f},0.01,12.5\n"
    for i in range(1, 9)
)


@cache
def pictures() -> dict[str, bytes]:
    """{file name: content}: one picture of each form and of the odd modes."""
    rng = np.random.default_rng(7)
    colour = Image.fromarray(rng.integers(0, 255, (_SIDE, _SIDE, 3), np.uint8))
    gray = colour.convert("L")
    deep = Image.fromarray(rng.integers(0, 65535, (_SIDE, _SIDE), np.uint16))
    real = Image.fromarray(rng.random((_SIDE, _SIDE), np.float32))
    alpha = colour.convert("RGBA")
    exif = Image.Exif()
    exif[274] = 6
    found = {
        "photo.jpg": _saved(colour, "JPEG", exif=exif),
        "gray.jpg": _saved(gray, "JPEG", progressive=True),
        "cmyk.jpg": _saved(colour.convert("CMYK"), "JPEG"),
        "photo.png": _saved(colour, "PNG"),
        "alpha.png": _saved(alpha, "PNG"),
        "palette.png": _saved(colour.convert("P"), "PNG"),
        "deep.png": _saved(deep, "PNG"),
        "photo.gif": _saved(gray, "GIF", save_all=True, append_images=[gray.rotate(90)]),
        "photo.bmp": _saved(colour, "BMP"),
        "photo.webp": _saved(colour, "WEBP"),
        "photo.avif": _saved(colour, "AVIF"),
        "float.tif": _saved(real, "TIFF"),
    }
    for method in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        found[f"{method}.tif"] = _saved(colour, "TIFF", compression=method)
    import pillow_heif

    file = io.BytesIO()
    pillow_heif.from_pillow(colour).save(file, format="HEIF")
    return {**found, "photo.heic": file.getvalue()}


def _saved(image: Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


@cache
def photo_zip() -> bytes:
    """A zip of some of the pictures, in folders."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("photo.jpg", "photo.png", "gray.jpg", "photo.webp"):
            archive.writestr(f"party/{name}", pictures()[name])
        archive.writestr("notes.txt", "no picture")
    return file.getvalue()


def data_set(folder: Path) -> dict[str, Path]:
    """Writes a small data set in its forms: ``csv``, ``parquet``, ``zip``."""
    faces = build_synthetic(2, seed=3)
    paths = {"csv": folder / "faces.csv", "zip": folder / "faces.zip"}
    export_dataset(faces, "csv", paths["csv"])
    export_dataset(faces, "png-folders", paths["zip"])
    paths["parquet"] = folder / "faces.parquet"
    write_dataset(faces, paths["parquet"])
    return paths


def votes_csv(n: int) -> bytes:
    """FER+'s ``fer2013new.csv`` for ``n`` rows."""
    names = "neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
    lines = [f"Usage,Image name,{names}"]
    lines += [f"Training,fer{i:07}.png,4,0,0,1,3,2,0,0,0,0" for i in range(n)]
    return ("\n".join(lines) + "\n").encode()


def run_files() -> dict[str, bytes]:
    """The small files of a finished run."""
    config = {
        "architecture": "compact", "epochs": 8, "batch_size": 128, "optimizer": "muon",
        "learning_rate": 0.01, "labels": "fer2013", "teachers": [], "seed": 1,
        "augmentation": {"flip": True, "shift": 0.1}, "dataset": "faces.parquet",
        "created": 1790000000.0, "n_training_images": 28006, "git_commit": "abc",
        "versions": {"python": "3.11", "keras": "3.12"},
    }  # fmt: skip
    status = {
        "state": "running", "pid": 2**22 + 17, "process_started": 1790000000.5, "epoch": 8,
        "updated": 1790000100.0, "epochs": 8, "batch": 12, "batches": 218, "eta_s": 30,
        "samples_per_s": 120.5, "error": "",
    }  # fmt: skip
    figures = {
        "n": 100, "accuracy": 0.7, "accuracy_ci95": [0.6, 0.8], "macro_f1": 0.66, "ece": 0.02,
        "per_class": {"happy": {"precision": 0.9, "recall": 0.8, "f1": 0.85, "support": 20}},
        "confusion": [[1, 2], [3, 4]],
    }  # fmt: skip
    return {
        "config.json": json.dumps(config).encode(),
        "status.json": json.dumps(status).encode(),
        "evaluation.json": json.dumps({"validation": figures, "test": figures}).encode(),
        "history.csv": _HISTORY.encode(),
        "log.txt": b"epoch 1/8\n" * 40,
    }


def histories(folder: Path) -> dict[str, bytes]:
    """Histories in the forms that other programs write."""
    from emotion_core.training.events import Scalar
    from emotion_core.training.tensorboard import write_scalars

    columns = {"loss": [2.0, 1.5], "accuracy": [0.3, 0.4], "val_accuracy": [0.2, 0.35]}
    events = folder / "events.out.tfevents.1"
    write_scalars(
        events,
        [Scalar("epoch_loss", i, 2.0 / (i + 1), 1790000000.0 + i) for i in range(6)],
    )
    return {
        "history.csv": _HISTORY.encode(),
        "history.json": json.dumps({"history": columns}).encode(),
        "rows.json": json.dumps([{"loss": 2.0, "acc": 0.3}, {"loss": 1.0, "acc": 0.5}]).encode(),
        events.name: events.read_bytes(),
    }


def keras_models(folder: Path) -> dict[str, bytes]:
    """A tiny network in every form that ``models add`` takes; needs TensorFlow."""
    import keras

    from emotion_core.classifiers.export import export_litert

    keras.utils.set_random_seed(1)
    inputs = keras.layers.Input((MODEL_PX, MODEL_PX, 1))
    x = keras.layers.Conv2D(4, 3, strides=2, activation="relu")(inputs)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, keras.layers.Dense(7)(x))
    model.save(folder / "model.keras")
    with np.errstate(all="ignore"):
        model.save(folder / "model.h5")
    model.save_weights(folder / "model.weights.h5")
    export_litert(model, folder / "model.tflite", mode="float32")
    names = ("model.keras", "model.h5", "model.weights.h5", "model.tflite")
    return {name: (folder / name).read_bytes() for name in names}
