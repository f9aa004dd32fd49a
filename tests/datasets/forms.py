"""Writes the forms in which people have data sets, from faces made by hand."""

import csv
import io
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

from emotion_core.datasets import TRAINING, EmotionDataset, build_synthetic

NAMES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


def faces() -> EmotionDataset:
    """42 drawn faces: 28 Training, 7 PublicTest, 7 PrivateTest, in this order."""
    return build_synthetic(4, seed=3)


def pixels(image: np.ndarray) -> str:
    return " ".join(map(str, image.ravel().tolist()))


def csv_lines(data: EmotionDataset) -> list[str]:
    """Kaggle's fer2013.csv, header included."""
    rows = zip(data.labels, data.images, data.usage, strict=True)
    return ["emotion,pixels,Usage", *(f"{k},{pixels(image)},{usage}" for k, image, usage in rows)]


def write_csv(data: EmotionDataset, path: Path) -> Path:
    path.write_text("\n".join(csv_lines(data)) + "\n", encoding="utf-8")
    return path


def write_icml(data: EmotionDataset, path: Path) -> Path:
    """icml_face_data.csv, with the spaces in its header."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["emotion", " Usage", " pixels"])
        for label, image, usage in zip(data.labels, data.images, data.usage, strict=True):
            writer.writerow([label, usage, pixels(image)])
    return path


def png(image: np.ndarray, form: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, form)
    return file.getvalue()


def kaggle_files(data: EmotionDataset, form: str = "PNG") -> dict[str, bytes]:
    """{train/happy/Training_3.png: ...}, the number being the row."""
    files = {}
    for row, (label, image, usage) in enumerate(
        zip(data.labels, data.images, data.usage, strict=True)
    ):
        split = "train" if usage == TRAINING else "test"
        suffix = "jpg" if form == "JPEG" else "png"
        files[f"{split}/{NAMES[label]}/{usage}_{row}.{suffix}"] = png(image, form)
    return files


def emotion_detection_files(data: EmotionDataset) -> dict[str, bytes]:
    """{train/fearful/im0.png: ...}; the two test splits are one, in the order of the rows."""
    spelled = ("angry", "disgusted", "fearful", "happy", "sad", "surprised", "neutral")
    counts: Counter[str] = Counter()
    files = {}
    for label, image, usage in zip(data.labels, data.images, data.usage, strict=True):
        folder = f"{'train' if usage == TRAINING else 'test'}/{spelled[label]}"
        files[f"{folder}/im{counts[folder]}.png"] = png(image)
        counts[folder] += 1
    return files


def write_folder(files: dict[str, bytes], root: Path) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def write_zip(files: dict[str, bytes], path: Path, folder: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(folder + name, content)
    return path


def write_ferplus(data: EmotionDataset, path: Path) -> Path:
    """fer2013new.csv, with its trap: not-a-face rows have no name and are not counted."""
    header = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,"
    lines, named = [header + "unknown,NF"], 0
    for usage, votes in zip(data.usage, data.votes, strict=True):
        is_face = votes[-1] < 10
        name = f"fer{named:07d}.png" if is_face else ""
        named += is_face
        lines.append(",".join([str(usage), name, *map(str, votes)]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
