import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from emotion_core.classifiers import registry as registry_module
from emotion_core.classifiers.card import CARD_FILE, LITERT_FILE, load_card
from emotion_core.classifiers.registry import MODELS_ROOT, ModelRegistry
from emotion_core.errors import DiskFullError, ModelError
from emotion_core.files.atomic_files import file_sha256

MakeFolder = Callable[..., Path]


@pytest.fixture
def root(make_folder: MakeFolder, tmp_path: Path) -> Path:
    for name in ("zebra", "compact", "alpha"):
        make_folder(name=name)
    return tmp_path / "models"


def test_lists_the_folders_with_a_card(root: Path) -> None:
    (root / "no-model").mkdir()
    (root / "README.md").write_text("x")
    shutil.copytree(root / "alpha", root / ".adding-x")
    assert ModelRegistry(root).names() == ("alpha", "compact", "zebra")


def test_a_missing_root_has_no_models(tmp_path: Path) -> None:
    registry = ModelRegistry(tmp_path / "nowhere")
    assert registry.names() == ()
    with pytest.raises(ModelError, match="No model in"):
        registry.default_name()


def test_the_default_is_the_flagship_else_compact_else_the_first(
    root: Path, make_folder: MakeFolder
) -> None:
    assert ModelRegistry(root).default_name() == "compact"
    make_folder(name="flagship")
    assert ModelRegistry(root).default_name() == "flagship"
    shutil.rmtree(root / "flagship")
    shutil.rmtree(root / "compact")
    assert ModelRegistry(root).default_name() == "alpha"


def test_a_model_that_was_added_is_not_the_default_unless_chosen(
    make_folder: MakeFolder, tmp_path: Path
) -> None:
    registry = ModelRegistry(tmp_path / "models")
    training = {**load_card(make_folder(name="zebra", metrics={})).training, "third_party": True}
    make_folder(name="alpha", training=training)
    assert registry.find_default() is None
    with pytest.raises(ModelError, match=r"alpha, zebra.*models default alpha"):
        registry.default_name()
    registry.choose_default("zebra")
    assert ModelRegistry(registry.root).default_name() == "zebra"
    make_folder(name="flagship")
    assert registry.default_name() == "zebra"
    with pytest.raises(ModelError, match="No model 'other'"):
        registry.choose_default("other")
    registry.choose_default("")
    assert registry.default_name() == "flagship"
    assert registry.names() == ("alpha", "flagship", "zebra")


@pytest.mark.parametrize("text", [b"", b"other\n", b"\xff\xfe", b"x" * 5000])
def test_a_damaged_choice_counts_for_nothing(root: Path, text: bytes) -> None:
    (root / "default.txt").write_bytes(text)
    assert ModelRegistry(root).default_name() == "compact"


def test_the_root_comes_from_the_environment(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOTION_LENS_MODELS", str(root))
    assert ModelRegistry().names() == ("alpha", "compact", "zebra")
    monkeypatch.setenv("EMOTION_LENS_MODELS", "")
    assert ModelRegistry().root == MODELS_ROOT
    assert (MODELS_ROOT.parent / "emotion_core").is_dir()


@pytest.fixture
def two_roots(
    root: Path, make_folder: MakeFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ModelRegistry:
    """As an installed package has it: a folder of the user's before the one that came along."""
    added = tmp_path / "added"
    monkeypatch.setattr(registry_module, "model_folders", lambda: (added, root))
    return ModelRegistry()


@pytest.mark.slow
def test_models_that_came_along_are_found_behind_those_that_were_added(
    two_roots: ModelRegistry, root: Path, tmp_path: Path
) -> None:
    assert two_roots.names() == ("alpha", "compact", "zebra")
    assert two_roots.folder("alpha") == root / "alpha"
    shutil.copytree(root / "alpha", tmp_path / "source")
    load_card(tmp_path / "source").replaced(name="mine").save(tmp_path / "source")
    two_roots.add(tmp_path / "source")
    assert two_roots.names() == ("alpha", "compact", "mine", "zebra")
    assert two_roots.folder("mine") == two_roots.root / "mine"
    assert two_roots.own_folder("mine") == two_roots.root / "mine"
    assert two_roots.verify("mine") == two_roots.verify("alpha") == []
    assert not (root / "mine").exists()
    with pytest.raises(ModelError, match="There already is a model 'alpha'"):
        two_roots.add(root / "alpha")


def test_a_model_that_came_along_is_not_changed_but_a_copy_counts(
    two_roots: ModelRegistry, root: Path
) -> None:
    with pytest.raises(ModelError, match="came with Emotion Lens"):
        two_roots.own_folder("alpha")
    shutil.copytree(root / "alpha", two_roots.root / "alpha")
    assert two_roots.own_folder("alpha") == two_roots.folder("alpha") == two_roots.root / "alpha"
    assert two_roots.names().count("alpha") == 1


def test_the_choice_of_the_default_stands_with_what_was_added(
    two_roots: ModelRegistry, root: Path
) -> None:
    two_roots.choose_default("zebra")
    assert two_roots.default_name() == "zebra"
    assert not (root / "default.txt").exists()


def test_opens_a_model(root: Path) -> None:
    classifier = ModelRegistry(root).open("alpha")
    assert classifier.card.name == "alpha"
    assert len(classifier.predict(np.zeros((2, 48, 48), np.uint8))) == 2


def test_an_unknown_model_is_refused_with_those_that_are_there(root: Path) -> None:
    for use in (ModelRegistry(root).card, ModelRegistry(root).open):
        with pytest.raises(ModelError, match=r"No model 'beta'.*alpha, compact, zebra"):
            use("beta")


@pytest.mark.parametrize("name", ["../models/alpha", "alpha/../alpha", "", ".", "..", "/"])
def test_a_name_cannot_lead_elsewhere(root: Path, name: str) -> None:
    with pytest.raises(ModelError, match="name: wanted"):
        ModelRegistry(root).open(name)


def test_a_renamed_folder_is_refused(root: Path) -> None:
    (root / "alpha").rename(root / "beta")
    with pytest.raises(ModelError, match=r"beta: wanted a card with this name.*'alpha'"):
        ModelRegistry(root).open("beta")


def test_an_altered_model_is_not_opened(root: Path) -> None:
    with (root / "alpha" / LITERT_FILE).open("ab") as file:
        file.write(b"x")
    with pytest.raises(ModelError, match="not the file that its card describes"):
        ModelRegistry(root).open("alpha")


def test_verify_tells_what_is_wrong(make_folder: MakeFolder, tmp_path: Path) -> None:
    folder = make_folder()
    registry = ModelRegistry(folder.parent)
    assert registry.verify("compact") == []
    history = folder / "history.csv"
    history.write_text("epoch\n1\n")
    card = load_card(folder)
    card.replaced(files={**card.files, "history.csv": file_sha256(history)}).save(folder)
    assert registry.verify("compact") == []
    history.write_text("epoch\n2\n")
    (folder / LITERT_FILE).unlink()
    problems = sorted(registry.verify("compact"))
    assert problems[0].startswith("history.csv is not the file of the card: wanted SHA-256")
    assert problems[1] == "model.tflite is missing."
    (folder / CARD_FILE).write_text("{}")
    assert len(registry.verify("compact")) == 1
    assert "schema" in registry.verify("compact")[0]
    assert "No model 'other'" in registry.verify("other")[0]


def test_adds_a_whole_model(root: Path, tmp_path: Path) -> None:
    source = root / "compact"
    (source / "history.csv").write_text("epoch\n")
    (source / "private.txt").write_text("stays")
    registry = ModelRegistry(tmp_path / "new" / "models")
    card = registry.add(source)
    assert card.name == "compact"
    assert registry.names() == ("compact",)
    assert registry.verify("compact") == []
    copied = {path.name for path in (registry.root / "compact").iterdir()}
    assert copied == {CARD_FILE, LITERT_FILE, "history.csv"}
    assert [path.name for path in registry.root.iterdir()] == ["compact"]
    assert len(registry.open("compact").predict(np.zeros((1, 48, 48), np.uint8))) == 1


def test_takes_the_name_of_the_card_not_of_the_folder(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "alpha", tmp_path / "Downloaded Model (1)")
    registry = ModelRegistry(tmp_path / "models2")
    registry.add(tmp_path / "Downloaded Model (1)")
    assert registry.names() == ("alpha",)


def test_never_overwrites(root: Path, tmp_path: Path) -> None:
    registry = ModelRegistry(root)
    before = file_sha256(root / "alpha" / CARD_FILE)
    copy = tmp_path / "copy"
    shutil.copytree(root / "alpha", copy)
    load_card(copy).replaced(title="Another").save(copy)
    with pytest.raises(ModelError, match="There already is a model 'alpha'"):
        registry.add(copy)
    assert file_sha256(root / "alpha" / CARD_FILE) == before


def test_does_not_add_a_damaged_model(root: Path, tmp_path: Path) -> None:
    (root / "alpha" / LITERT_FILE).write_bytes(b"x")
    registry = ModelRegistry(tmp_path / "models2")
    with pytest.raises(ModelError, match=r"not a whole model folder.*model\.tflite is not"):
        registry.add(root / "alpha")
    with pytest.raises(ModelError, match="not a model folder"):
        registry.add(tmp_path)
    values = json.loads((root / "zebra" / CARD_FILE).read_text())
    (root / "zebra" / CARD_FILE).write_text(json.dumps({**values, "name": "../../x"}))
    with pytest.raises(ModelError, match="name: wanted"):
        registry.add(root / "zebra")
    assert registry.names() == ()


def test_a_copy_that_fails_leaves_nothing(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(source: Path, target: Path) -> None:
        target.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(registry_module.shutil, "copyfile", fail)
    registry = ModelRegistry(tmp_path / "models2")
    with pytest.raises(DiskFullError, match=r"models2/alpha cannot be written.*Nothing was added"):
        registry.add(root / "alpha")
    assert list(registry.root.iterdir()) == []


def test_a_file_that_changes_while_it_is_copied_is_noticed(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        registry_module.shutil, "copyfile", lambda source, target: target.write_bytes(b"changed")
    )
    registry = ModelRegistry(tmp_path / "models2")
    with pytest.raises(ModelError, match="changed while it was copied"):
        registry.add(root / "alpha")
    assert list(registry.root.iterdir()) == []
