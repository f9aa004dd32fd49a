"""The models that are installed: folders with a card."""

import contextlib
import os
import shutil
from pathlib import Path

from emotion_core.classifiers.card import CARD_FILE, ModelCard, load_card
from emotion_core.classifiers.card_checks import check_name
from emotion_core.classifiers.runtime import LiteRTClassifier
from emotion_core.errors import ModelError
from emotion_core.files import file_sha256, readable
from emotion_core.publishing import published_folder
from emotion_core.unfinished import clean

#: The models that come with the project.
MODELS_ROOT = Path(__file__).resolve().parents[2] / "models"
#: Environment variable that names another folder of models.
ROOT_VARIABLE = "EMOTION_LENS_MODELS"
#: The default model: the first of these that is there.
DEFAULT_NAMES = ("flagship", "compact")

# Files of a model folder that are good to have and that no card vouches for.
_COMPANIONS = ("history.csv", "README.md")


class ModelRegistry:
    """The model folders under one root."""

    def __init__(self, root: Path | None = None) -> None:
        """
        Args:
            root: folder of model folders; by default ``EMOTION_LENS_MODELS``, else the project's
                ``models``.
        """
        self.root = root or Path(os.environ.get(ROOT_VARIABLE) or MODELS_ROOT)

    def names(self) -> tuple[str, ...]:
        """The folders that hold a card, valid or not, in alphabetical order."""
        if not self.root.is_dir():
            return ()
        clean(self.root)  # ends the swap of a process that was killed in it
        folders = (path.parent.name for path in self.root.glob(f"*/{CARD_FILE}"))
        return tuple(sorted(name for name in folders if not name.startswith(".")))

    def default_name(self) -> str:
        """The model that is used if none is named.

        Raises:
            ModelError: there is no model.
        """
        names = self.names()
        if not names:
            raise ModelError(f"No model in {self.root}: wanted a folder with a {CARD_FILE} in it.")
        return next((name for name in DEFAULT_NAMES if name in names), names[0])

    def card(self, name: str) -> ModelCard:
        """A model's card.

        Raises:
            ModelError: no such model, or its card is not valid.
        """
        folder = self._folder(name)
        card = load_card(folder)
        if card.name != name:
            raise ModelError(f"{folder}: wanted a card with this name. Received: {card.name!r}")
        return card

    def open(self, name: str, *, threads: int = 1) -> LiteRTClassifier:
        """Loads a model. The classifier belongs to one thread.

        Args:
            name: one of ``names()``.
            threads: threads of the interpreter.

        Raises:
            ModelError: no such model, or its files are not those of its card.
        """
        card = self.card(name)
        try:
            return LiteRTClassifier(self._folder(name), card, threads=threads)
        except ModelError:
            now = self.card(name)
            if now == card:
                raise
            # It was replaced between the look at its card and the look at its network.
            return LiteRTClassifier(self._folder(name), now, threads=threads)

    def verify(self, name: str) -> list[str]:
        """What is wrong with a model's card or files, in words; empty if nothing is."""
        try:
            return _file_problems(self._folder(name), self.card(name))
        except ModelError as error:
            return [str(error)]

    def add(self, path: Path) -> ModelCard:
        """Copies a model folder into the root, under the name on its card.

        Nothing is left behind if it fails.

        Args:
            path: a folder with a card and the files that it lists.

        Raises:
            ModelError: not a whole model folder, the name is taken, or it cannot be read.
            OutputError: it cannot be written.
            DiskFullError: there is no room for it.
        """
        card = load_card(path)
        problems = _file_problems(path, card)
        if problems:
            raise ModelError(f"{path} is not a whole model folder. {' '.join(problems)}")
        target = self.root / card.name
        taken = ModelError(
            f"There already is a model {card.name!r} in {self.root}. "
            "Remove it first, or change the name on the new card."
        )
        if os.path.lexists(target):
            raise taken
        try:
            with published_folder(
                target,
                need_bytes=sum((path / file).stat().st_size for file in card.files),
                kept="Nothing was added; the other models are as before.",
            ) as copy:
                _copy_model(path, copy, card)
        except FileExistsError as error:
            raise taken from error
        except OSError as error:
            raise ModelError(f"Cannot copy {readable(path)}: {error.strerror or error}.") from error
        return card

    def _folder(self, name: str) -> Path:
        folder = self.root / check_name(name)
        if not folder.is_dir():
            clean(self.root)
        if not folder.is_dir():
            there = ", ".join(self.names()) or "none"
            raise ModelError(f"No model {name!r} in {self.root}. There are: {there}.")
        return folder


def _file_problems(folder: Path, card: ModelCard) -> list[str]:
    problems = []
    for file, wanted in card.files.items():
        path = folder / file
        if not path.is_file():
            problems.append(f"{file} is missing.")
            continue
        try:
            received = file_sha256(path)
        except OSError as error:
            problems.append(f"Cannot read {path}: {error.strerror}.")
            continue
        if received != wanted:
            problems.append(
                f"{file} is not the file of the card: wanted SHA-256 {wanted}. Received: {received}"
            )
    return problems


def _copy_model(source: Path, target: Path, card: ModelCard) -> None:
    for file in card.files:
        shutil.copyfile(source / file, target / file)
    for file in _COMPANIONS:
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(source / file, target / file)
    card.save(target)
    # A file may have changed after it was checked.
    problems = _file_problems(target, card)
    if problems:
        raise ModelError(f"{source} changed while it was copied. {' '.join(problems)}")
