"""Every reader of something that comes from outside, with the damage that suits it.

A reader takes a file or says in one sentence why it does not: an ``EmotionLensError``. Anything
else that comes out of it has escaped.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from fuzzing import mutations as change
from fuzzing import samples
from fuzzing.child import Task

ROOT = Path(__file__).resolve().parents[2]

_Rng = np.random.Generator
_Read = Callable[[Path], object]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader under test.

    Attributes:
        name: for people.
        start: called once in the child; gives the function that makes and reads file ``seed``.
        heavy: it loads TensorFlow and takes long.
    """

    name: str
    start: Callable[[], Task]
    heavy: bool = False


def _file_task(
    files: dict[str, bytes],
    read: _Read,
    alter: Callable[[_Rng, str, bytes], bytes] | None = None,
) -> Task:
    """Damages one of some files and reads it by its path.

    Args:
        files: {file name: content}.
        read: the reader.
        alter: damage that knows the form; half of the files get it where it is given.
    """
    names = sorted(files)

    def task(seed: int, folder: Path) -> None:
        rng = np.random.default_rng(seed)
        name = names[int(rng.integers(len(names)))]
        path = folder / name
        path.write_bytes(_damaged(rng, name, files, alter))
        try:
            read(path)
        finally:
            path.unlink(missing_ok=True)

    return task


def _damaged(
    rng: _Rng,
    name: str,
    files: dict[str, bytes],
    alter: Callable[[_Rng, str, bytes], bytes] | None,
) -> bytes:
    data = files[name]
    if alter is not None and rng.random() < 0.6:
        return alter(rng, name, data)
    names = sorted(files)
    return change.damage(rng, data, files[names[int(rng.integers(len(names)))]])


def _by_form(rng: _Rng, name: str, data: bytes) -> bytes:
    """Damage that suits a file's name."""
    suffix = Path(name).suffix
    if suffix in (".csv", ".txt"):
        return change.damage_table(rng, data)
    if suffix == ".json":
        return change.damage_json(rng, data)
    if suffix in (".zip", ".keras"):
        return change.damage_zip(rng, data, _by_form)
    if suffix == ".h5":
        return change.damage_h5(rng, data)
    return change.damage(rng, data, b"")


def _pictures() -> Task:
    from emotion_core.images import load_image

    return _file_task(samples.pictures(), load_image)


def _photo_zips() -> Task:
    from emotion_core.errors import ImageError
    from emotion_core.photos.photo_files import take_in

    def read(path: Path) -> None:
        found = take_in([(path.name, path.read_bytes())])
        if found.failures and not found.photos:
            raise ImageError(found.failures[0].message)

    return _file_task({"photos.zip": samples.photo_zip()}, read, _by_form)


def _import(form: str) -> Task:
    import tempfile

    from emotion_core.datasets import import_dataset, load_dataset

    with tempfile.TemporaryDirectory() as temporary:
        path = samples.data_set(Path(temporary))[form]
        files = {path.name: path.read_bytes()}

    def read(path: Path) -> None:
        output = path.with_name("imported.parquet")
        output.unlink(missing_ok=True)
        import_dataset(path, output)
        load_dataset(output)

    return _file_task(files, read, _by_form)


def _image_folder() -> Task:
    from emotion_core.datasets import import_dataset

    names = ("train/angry", "train/happy", "test/sad", "train/fear")
    pictures = sorted(samples.pictures().items())

    def task(seed: int, folder: Path) -> None:
        rng = np.random.default_rng(seed)
        root = folder / "faces"
        shutil.rmtree(root, ignore_errors=True)
        for i, name in enumerate(names):
            if rng.random() < 0.1:
                continue
            place = root / name
            place.mkdir(parents=True, exist_ok=True)
            file, data = pictures[int(rng.integers(len(pictures)))]
            (place / f"{i}-{file}").write_bytes(
                change.damage(rng, data, b"") if rng.random() < 0.6 else data
            )
        root.mkdir(exist_ok=True)
        output = folder / "imported.parquet"
        output.unlink(missing_ok=True)
        import_dataset(root, output)

    return task


def _ferplus() -> Task:
    from emotion_core.datasets.importing.ferplus import read_ferplus

    return _file_task({"fer2013new.csv": samples.votes_csv(12)}, read_ferplus, _by_form)


def _stored_sets() -> Task:
    import tempfile

    from emotion_core.datasets import load_dataset

    with tempfile.TemporaryDirectory() as temporary:
        content = samples.data_set(Path(temporary))["parquet"].read_bytes()
    return _file_task({"faces.parquet": content}, load_dataset)


def _corrections() -> Task:
    import tempfile

    from emotion_core.datasets import build_synthetic, load_dataset, write_dataset
    from emotion_core.datasets.corrections import Corrections

    home = Path(tempfile.mkdtemp())
    stored = home / "faces.parquet"
    write_dataset(build_synthetic(2, seed=3), stored)
    made = Corrections.load(stored)
    made.relabel([1, 2], "happy", who="=1+1", why="looks so")
    made.exclude([5])
    made.save()
    content = made.path.read_bytes()
    shutil.move(made.path, home / "kept")
    dataset = load_dataset(stored)

    def read(path: Path) -> None:
        Corrections.load(stored, path).apply(dataset)

    return _file_task({"some.corrections.csv": content}, read, _by_form)


def _cards() -> Task:
    from emotion_core.classifiers.card import load_card
    from emotion_core.classifiers.registry import ModelRegistry

    cards = {
        f"{path.parent.name}.json": path.read_bytes() for path in ROOT.glob("models/*/card.json")
    }

    def read(path: Path) -> None:
        folder = path.parent / "root" / path.stem
        shutil.rmtree(folder.parent, ignore_errors=True)
        folder.mkdir(parents=True)
        shutil.copyfile(path, folder / "card.json")
        registry = ModelRegistry(folder.parent)
        for name in _never_fails(registry.names):
            registry.verify(name)
        load_card(folder)

    return _file_task(cards, read, _by_form)


def _recipes() -> Task:
    from emotion_core.training.presets import load_recipe

    recipes = {
        f"{path.parent.name}-{path.name}": path.read_bytes()
        for name in ("recipe.json", "base.json")
        for path in ROOT.glob(f"models/*/{name}")
    }
    return _file_task(recipes, load_recipe, _by_form)


def _runs() -> Task:
    from emotion_core.training.run import load_run_config
    from emotion_core.training.runs import list_runs

    good = samples.run_files()

    def task(seed: int, folder: Path) -> None:
        rng = np.random.default_rng(seed)
        root = folder / "runs"
        shutil.rmtree(root, ignore_errors=True)
        for name in ("broken", "good"):
            (root / name).mkdir(parents=True)
            for file, data in good.items():
                (root / name / file).write_bytes(data)
        file = sorted(good)[int(rng.integers(len(good)))]
        (root / "broken" / file).write_bytes(_damaged(rng, file, good, _by_form))
        _never_fails(lambda: _look_at_runs(list_runs(root)))
        load_run_config(root / "broken")

    return task


def _look_at_runs(runs: tuple[object, ...]) -> None:
    """Reads all that the pages show; the run that is not damaged is there in any case."""
    assert "good" in {run.name for run in runs}  # type: ignore[attr-defined]
    for run in runs:
        if not getattr(run, "problem", ""):
            run.history()  # type: ignore[attr-defined]
        run.log_tail()  # type: ignore[attr-defined]


def _never_fails(call: Callable[[], _T]) -> _T:
    """What gives a table has no right to an error, not even a deliberate one."""
    from emotion_core.errors import EmotionLensError

    try:
        return call()
    except EmotionLensError as error:
        raise AssertionError(f"a table is lost to one bad row: {error}") from error


def _histories() -> Task:
    import tempfile

    from emotion_core.training.history_import import read_history

    files = samples.histories(Path(tempfile.mkdtemp()))
    return _file_task(files, read_history, _by_form)


def _audits() -> Task:
    import tempfile

    from emotion_core.datasets import build_synthetic
    from emotion_core.datasets.audit import audit_dataset
    from emotion_core.datasets.audit.storage import load_report, save_report

    data = build_synthetic(4, seed=3)
    rng = np.random.default_rng(0)
    report = audit_dataset(
        data,
        features=rng.normal(size=(len(data), 8)).astype(np.float32),
        probabilities=np.full((len(data), 7), 1 / 7, np.float32),
    )
    home = Path(tempfile.mkdtemp()) / "audit"
    save_report(report, home)
    good = {path.name: path.read_bytes() for path in home.iterdir()}

    def task(seed: int, folder: Path) -> None:
        rng = np.random.default_rng(seed)
        place = folder / "audit"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        for name, content in good.items():
            (place / name).write_bytes(content)
        name = sorted(good)[int(rng.integers(len(good)))]
        (place / name).write_bytes(_damaged(rng, name, good, _by_form))
        load_report(place)

    return task


def _models(*names: str) -> Task:
    import tempfile

    from emotion_core.classifiers.third_party.third_party_models import (
        ThirdPartyModel,
        build_third_party_folder,
    )

    made = samples.keras_models(Path(tempfile.mkdtemp()))
    told = ThirdPartyModel(
        name="theirs",
        title="Theirs",
        description="A model under test.",
        labels=("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"),
        scale="0-1",
        size_px=samples.MODEL_PX,
    )

    def read(path: Path) -> None:
        folder = path.parent / "built"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        build_third_party_folder(path, told, folder)

    return _file_task({name: made[name] for name in names}, read, _by_form)


READERS: tuple[Reader, ...] = (
    Reader("pictures", _pictures),
    Reader("photo zips", _photo_zips),
    Reader("data set CSV", lambda: _import("csv")),
    Reader("data set Parquet", lambda: _import("parquet")),
    Reader("data set zip", lambda: _import("zip")),
    Reader("picture folders", _image_folder),
    Reader("FER+ votes", _ferplus),
    Reader("stored data sets", _stored_sets),
    Reader("corrections", _corrections),
    Reader("model cards", _cards),
    Reader("recipes", _recipes),
    Reader("run folders", _runs),
    Reader("histories", _histories),
    Reader("audits", _audits),
    Reader(".keras", lambda: _models("model.keras"), heavy=True),
    Reader(".h5", lambda: _models("model.h5", "model.weights.h5"), heavy=True),
    Reader(".tflite", lambda: _models("model.tflite"), heavy=True),
)
