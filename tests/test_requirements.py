"""What is imported is declared, in pyproject.toml and in requirements.txt alike."""

import ast
import functools
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import skimage
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]

#: Imported where it is there, and installed by hand: what for stands in docs/training.md.
BY_HAND = {"jax": "several processes or machines"}
#: In environments of their own (benchmarks/peers/*.txt).
PEERS = {"deepface", "fer", "uvicorn"}
#: Extras that the dashboard and the command line use.
RUN = ("api", "app", "login", "train", "audit", "postgres", "reports", "tensorboard")
#: Parts of the project.
OWN = {"emotion_core", "pages", "app"}


def parsed(lines: Iterable[str]) -> dict[str, str]:
    """{name: bounds and marker} of lines of requirements."""
    requirements = [
        Requirement(text)
        for line in lines
        if (text := line.partition("#")[0].strip()) and not text.startswith("-")
    ]
    return {r.name: f"{r.specifier}; {r.marker}" for r in requirements}


def in_file(name: str) -> dict[str, str]:
    return parsed((ROOT / name).read_text(encoding="utf-8").splitlines())


def declared(*extras: str) -> dict[str, str]:
    """What the base and some extras of the package bring."""
    lines = list(PROJECT["dependencies"])
    for extra in extras:
        lines += [line for line in EXTRAS[extra] if not line.startswith(PROJECT["name"])]
    return parsed(lines)


def test_requirements_are_those_of_the_package() -> None:
    assert in_file("requirements.txt") == declared(*RUN)


def test_requirements_for_development_are_the_extras_dev_docs_and_ray() -> None:
    lines = EXTRAS["dev"] + EXTRAS["docs"] + EXTRAS["ray"]
    own = [line for line in lines if not line.startswith(PROJECT["name"])]
    assert in_file("requirements-dev.txt") == parsed(own)
    assert (
        f"{PROJECT['name']}[api,app,audit,docs,login,postgres,ray,reports,tensorboard,train]"
        in EXTRAS["dev"]
    )


def test_the_packages_that_the_dashboard_is_made_of_are_named() -> None:
    named = {"streamlit", "streamlit-webrtc", "tensorflow", "opencv-python-headless"}
    assert {*named, "numpy", "altair"} <= set(in_file("requirements.txt"))


def locked(name: str) -> dict[str, set[str]]:
    """{"name==version; marker": hashes} of a lock file."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {
        line.partition("--hash")[0].strip(): set(re.findall(r"--hash=(\S+)", line))
        for line in lines
    }


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_the_lock_fits_the_bounds(name: str) -> None:
    lock = locked(f"{name}.lock")
    assert all(lock.values()), "every package has hashes"
    versions: dict[str, list[str]] = {}
    for line in lock:
        requirement = Requirement(line)
        versions.setdefault(requirement.name, []).append(str(requirement.specifier)[2:])
    wanted = in_file(f"{name}.txt")
    missing = [
        f"{package} {bounds}"
        for package, bounds in wanted.items()
        for version in versions.get(package, ["0"])
        if not SpecifierSet(bounds.partition(";")[0]).contains(version)
    ]
    assert missing == [], "run `make lock`"


def test_both_locks_agree_and_name_no_address() -> None:
    # Versions, not markers: what only Windows needs of the one, all may need of the other.
    run, dev = (
        {line.partition(" ;")[0]: hashes for line, hashes in locked(f"{name}.lock").items()}
        for name in ("requirements", "requirements-dev")
    )
    assert {line: dev.get(line) for line in run} == run
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        assert "index" not in text


def imported(path: Path) -> set[str]:
    """Full names of what a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return found


@functools.cache
def distributions(module: str) -> frozenset[str]:
    """The names under which pip knows who brings a module."""
    if module.startswith("google.protobuf"):  # one of several in the folder google
        return frozenset({"protobuf"})
    found = packages_distributions().get(module.split(".")[0], ())
    return frozenset(name.lower().replace("_", "-") for name in found)


def undeclared(folders: Iterable[str], known: Iterable[str]) -> list[str]:
    """Each import that nothing in ``known`` brings, as "file imports module"."""
    found = []
    for folder in folders:
        path = ROOT / folder
        # Benchmarks import each other by their bare names.
        beside = set() if folder in OWN else {file.stem for file in path.rglob("*")}
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            for module in sorted(imported(file)):
                first = module.split(".")[0]
                if first in sys.stdlib_module_names or first in OWN | beside | set(BY_HAND):
                    continue
                if not distributions(module) & set(known):
                    found.append(f"{file.relative_to(ROOT)} imports {module}")
    return found


@pytest.mark.slow
def test_what_the_library_imports_is_declared() -> None:
    assert undeclared(["emotion_core"], declared(*RUN, "ray")) == []


@pytest.mark.slow
def test_what_the_pages_import_comes_with_the_dashboard() -> None:
    assert undeclared(["pages", "app.py"], declared("app")) == []


@pytest.mark.slow
def test_what_benchmarks_import_is_declared() -> None:
    everything = declared(*RUN, "dev")
    missing = undeclared(["benchmarks"], everything)
    assert [line for line in missing if line.split()[-1] not in PEERS] == []


@pytest.mark.slow
def test_an_undeclared_import_is_seen() -> None:
    known = set(declared(*RUN)) - {"tqdm"}
    assert "emotion_core/cli/analyze.py imports tqdm" in undeclared(["emotion_core"], known)


def modules_of_extras() -> list[str]:
    """What the base must do without."""
    only_extras = set(declared(*RUN)) - set(declared())
    brought = packages_distributions()
    return sorted(
        module
        for module, names in brought.items()
        if module != "google" and {name.lower().replace("_", "-") for name in names} & only_extras
    )


_WITHOUT = """
import sys
for module in {modules}:
    sys.modules[module] = None
from emotion_core.cli import main
sys.exit(main({arguments}))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["analyze", str(Path(skimage.__file__).parent / "data" / "astronaut.png")],
        ["models", "verify", "compact"],
        ["store", "check"],
        ["dataset", "info", "synthetic"],
        ["evaluate", "--dataset", "synthetic", "--split", "validation"],
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_the_base_does_without_the_extras(arguments: list[str], tmp_path: Path) -> None:
    modules = modules_of_extras()
    assert {"tensorflow", "keras", "streamlit", "aiortc", "altair", "sklearn"} <= set(modules)
    program = _WITHOUT.format(modules=modules, arguments=arguments)
    environment = {"PYTHONPATH": str(ROOT), "EMOTION_LENS_HOME": str(tmp_path)}
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
