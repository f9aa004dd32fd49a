"""Predictions that were computed once are kept, by the hash of the model and of the pixels."""

import hashlib
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from emotion_core.errors import OutputError
from emotion_core.files.atomic_files import AtomicFile, make_folder
from emotion_core.paths import data_folder
from emotion_core.types import Float32Array, UInt8Array


def evaluations_folder() -> Path:
    """Where evaluations are kept. It may not exist yet."""
    return data_folder() / "evaluations"


def images_key(images: UInt8Array) -> str:
    """A hash of pictures: equal for the same pixels in the same order.

    Corrections of labels do not change it, so they need no new predictions; an excluded row does.
    """
    digest = hashlib.blake2b(str(images.shape).encode(), digest_size=12)
    digest.update(np.ascontiguousarray(images).data)
    return digest.hexdigest()


class LogitsCache:
    """Logits on disk: one small file for each model, set of pictures and condition.

    Args:
        folder: where they are kept; by default ``evaluations`` in the data folder.
        not_kept: is told once why answers cannot be kept, and the work goes on; without it
            that is an error.
    """

    def __init__(
        self, folder: Path | None = None, *, not_kept: Callable[[str], None] | None = None
    ) -> None:
        self._folder = folder if folder is not None else evaluations_folder()
        self._not_kept = not_kept
        self._told = False

    def load(self, model: str, images: str, condition: str) -> tuple[Float32Array, float] | None:
        """The logits and the seconds that they took; None where there are none.

        Args:
            model: key of the model.
            images: key of the pictures.
            condition: what was done to the pictures before.
        """
        try:
            content = io.BytesIO(self._path(model, images, condition).read_bytes())
            with np.load(content, allow_pickle=False) as stored:
                return np.asarray(stored["logits"], np.float32), float(stored["seconds"])
        # A file that cannot be read is as good as none: it is computed again.
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    def save(
        self, model: str, images: str, condition: str, logits: Float32Array, seconds: float
    ) -> None:
        """Keeps logits.

        Raises:
            OutputError: the folder cannot be written to, and nobody takes a note of it.
        """
        path = self._path(model, images, condition)
        buffer = io.BytesIO()
        np.savez(buffer, logits=logits, seconds=np.float64(seconds))
        try:
            make_folder(path.parent)
            with AtomicFile(path, kept="What was computed is not kept.") as file:
                file.write(buffer.getvalue())
        except OutputError as error:
            if self._not_kept is None:
                raise
            if not self._told:
                self._told = True
                self._not_kept(str(error))

    def _path(self, model: str, images: str, condition: str) -> Path:
        digest, _, rest = model.partition("-")
        short = digest[:24] + (f"-{rest}" if rest else "")
        return self._folder / short / images / f"{condition}.npz"
