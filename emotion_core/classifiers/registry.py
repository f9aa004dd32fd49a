"""The models that are installed: folders with a card."""

import contextlib
import os
import shutil
from pathlib import Path

from emotion_core.classifiers.card import CARD_FILE, KERAS_FILE, ModelCard, load_card
from emotion_core.classifiers.card_schema import check_name
from emotion_core.classifiers.runtime import LiteRTClassifier
from emotion_core.classifiers.third_party.keras_loading import check_keras_file
from emotion_core.classifiers.third_party.litert_trial import trial_problem
from emotion_core.errors import ModelError
from emotion_core.files.atomic_files import file_sha256, make_folder, readable, write_atomic
from emotion_core.files.outside_files import read_text
from emotion_core.files.publishing import published_folder
from emotion_core.files.unfinished import clean
from emotion_core.paths import model_folders, shipped_models_folder

#: The models that come with the project.
MODELS_ROOT = shipped_models_folder()
#: The default model, unless one was chosen: the first of these that is there.
DEFAULT_NAMES = ("flagship", "compact")

#: File in the root that names the chosen default model.
DEFAULT_FILE = "default.txt"

# Files of a model folder that are good to have and that no card vouches for.
_COMPANIONS = ("history.csv", "base-history.csv", "README.md")


class ModelRegistry:
    """The model folders under one root, and under roots that are only read.

    Args:
        root: the only folder of model folders; by default ``EMOTION_LENS_MODELS``, else the
            project's ``models``, else, once installed, a folder of the user's and behind it the
            models that came with the package.

    Attributes:
        root: where models are added and the choice of the default stands.
        roots: where they are looked for. The first that has a name gives its model.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.roots = model_folders() if root is None else (root,)
        self.root = self.roots[0]

    def names(self) -> tuple[str, ...]:
        """The folders that hold a card, valid or not, in alphabetical order."""
        if self.root.is_dir():
            clean(self.root)  # ends the swap of a process that was killed in it
        folders = (path.parent.name for root in self.roots for path in root.glob(f"*/{CARD_FILE}"))
        return tuple(sorted({name for name in folders if not name.startswith(".")}))

    def folder(self, name: str) -> Path:
        """A model's folder; its card may not be valid.

        Raises:
            ModelError: no such model.
        """
        check_name(name)
        if folder := self._find(name):
            return folder
        clean(self.root)
        if folder := self._find(name):
            return folder
        there = ", ".join(self.names()) or "none"
        raise ModelError(f"No model {name!r} in {self.root}. There are: {there}.")

    def own_folder(self, name: str) -> Path:
        """A model's folder, to change something in it.

        Raises:
            ModelError: no such model, or it came with the package.
        """
        folder = self.folder(name)
        if folder.parent != self.root:
            raise ModelError(
                f"The model {name!r} came with Emotion Lens and is not changed. Copy "
                f"{folder} to {self.root / name} first; the copy counts from then on."
            )
        return folder

    def default_name(self) -> str:
        """The model that is used if none is named.

        Raises:
            ModelError: there is no model, or none of them was chosen and none comes into question.
        """
        name = self.find_default()
        if name is not None:
            return name
        names = self.names()
        if not names:
            raise ModelError(f"No model in {self.root}: wanted a folder with a {CARD_FILE} in it.")
        raise ModelError(
            f"No model is the default: {', '.join(names)} in {self.root} were added and not "
            "measured here. Name one with --model, or choose one for good: "
            f"python -m emotion_core models default {names[0]}"
        )

    def find_default(self) -> str | None:
        """The name of the default model; None where nobody chose one and none comes into question.

        The chosen one; else the first of ``DEFAULT_NAMES``; else the first by name that was
        trained and measured by this project. A model that somebody added is never taken unasked.
        """
        names = self.names()
        chosen = self.chosen_default()
        if chosen in names:
            return chosen
        for name in DEFAULT_NAMES:
            if name in names:
                return name
        return next((name for name in names if self._is_ours(name)), None)

    def chosen_default(self) -> str:
        """The name that ``choose_default`` wrote; empty where there is none."""
        path = self.root / DEFAULT_FILE
        if not path.is_file():
            return ""
        try:
            return read_text(path, ModelError, max_bytes=1000).strip()
        except ModelError:
            return ""

    def choose_default(self, name: str) -> None:
        """Makes a model the default; an empty name undoes the choice.

        Raises:
            ModelError: no such model, or its card is not valid.
            OutputError: the choice cannot be written.
        """
        path = self.root / DEFAULT_FILE
        if name:
            self.card(name)
            make_folder(self.root)
            write_atomic(path, f"{name}\n".encode())
        else:
            path.unlink(missing_ok=True)

    def _is_ours(self, name: str) -> bool:
        try:
            card = self.card(name)
        except ModelError:
            return False
        return bool(card.metrics) and not card.training.get("third_party")

    def card(self, name: str) -> ModelCard:
        """A model's card.

        Raises:
            ModelError: no such model, or its card is not valid.
        """
        folder = self.folder(name)
        card = load_card(folder)
        if card.name != name:
            raise ModelError(f"{folder}: wanted a card with this name. Received: {card.name!r}")
        return card

    def open(
        self,
        name: str,
        *,
        threads: int | None = None,
        spin: bool = False,
        labels: str | None = None,
    ) -> LiteRTClassifier:
        """Loads a model. The classifier belongs to one thread.

        Args:
            name: one of ``names()``.
            threads: how many threads several faces are shared out among; None: the
                cores, at most four.
            spin: whether they share out every layer instead, and spin while they wait.
            labels: whose labels answer, ``raters`` or ``fer2013``; None: what the model has,
                raters' first.

        Raises:
            ModelError: no such model, its files are not those of its card, or it has no head for
                these labels.
        """
        card = self.card(name)
        try:
            return LiteRTClassifier(
                self.folder(name), card, threads=threads, spin=spin, labels=labels
            )
        except ModelError:
            now = self.card(name)
            if now == card:
                raise
            # It was replaced between the look at its card and the look at its network.
            return LiteRTClassifier(
                self.folder(name), now, threads=threads, spin=spin, labels=labels
            )

    def verify(self, name: str) -> list[str]:
        """What is wrong with a model's card or files, in words; empty if nothing is.

        The network is tried on pictures, in a process of its own.
        """
        try:
            return _problems(self.folder(name), self.card(name))
        except ModelError as error:
            return [str(error)]

    def add(self, path: Path) -> ModelCard:
        """Copies a model folder into the root, under the name on its card.

        Nothing is left behind if it fails.

        Args:
            path: a folder with a card and the files that it lists.

        Raises:
            ModelError: not a whole model folder, its network cannot be run, the name is taken, or
                it cannot be read.
            OutputError: it cannot be written.
            DiskFullError: there is no room for it.
        """
        card = load_card(path)
        problems = _problems(path, card)
        if problems:
            raise ModelError(f"{path} is not a whole model folder. {' '.join(problems)}")
        target = self.root / card.name
        taken = ModelError(
            f"There already is a model {card.name!r} in {self.root}. "
            "Remove it first, or change the name on the new card."
        )
        if card.name in self.names() or os.path.lexists(target):
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

    def _find(self, name: str) -> Path | None:
        return next((root / name for root in self.roots if (root / name).is_dir()), None)


def load_model(
    name: str | None = None,
    *,
    threads: int | None = None,
    spin: bool = False,
    labels: str | None = None,
) -> LiteRTClassifier:
    """Opens a model, to use it for many calls.

    Args:
        name: a model's name, as ``emotion-lens models list`` has it; None for the default.
        threads: how many threads several faces are shared out among; None: the
            cores, at most four.
        spin: whether they share out every layer instead. Nearly twice as quick for a lone face
            with two idle cores, but they spin while they wait for each other.
        labels: whose labels answer: ``raters``, what most people would say, or ``fer2013``, the
            original labels of that data set; None: what the model has, raters' first.

    Returns:
        The classifier. It belongs to one thread.

    Raises:
        ModelError: no such model, its files are not those of its card, or it has no head for
            these labels.
    """
    registry = ModelRegistry()
    name = name or registry.default_name()
    return registry.open(name, threads=threads, spin=spin, labels=labels)


def _problems(folder: Path, card: ModelCard) -> list[str]:
    """What is wrong with the files, and, where they are those of the card, with the networks."""
    problems = _file_problems(folder, card)
    if problems:
        return problems
    if KERAS_FILE in card.files:
        try:
            check_keras_file(folder / KERAS_FILE)
        except ModelError as error:
            problems.append(str(error))
    return [*problems, *filter(None, [trial_problem(folder, card)])]


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
