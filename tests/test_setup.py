"""What stands around the code: requirements, the installed OpenCV wheel, the README."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from emotion_core.classifiers.registry import MODELS_ROOT, ModelRegistry
from emotion_core.cli import available_commands
from emotion_core.cli.doctor_checks import MIN_PYTHON
from emotion_core.cli.doctor_packages import opencv_wheels
from emotion_core.cli.models import markdown_table

ROOT = Path(__file__).resolve().parents[1]


def requirement_lines(name: str) -> list[str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.lstrip().startswith(("#", "-r"))]


@pytest.mark.parametrize("line", requirement_lines("requirements.txt"))
def test_every_package_has_bounds(line: str) -> None:
    requirement = Requirement(line.partition("#")[0].strip())
    operators = {clause.operator for clause in requirement.specifier}
    assert operators == {"=="} or ">=" in operators
    assert operators & {"==", "<", "~="}, "an upper bound"


def test_every_bound_has_its_reason() -> None:
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    for line in requirement_lines("requirements.txt"):
        following = text.partition(line)[2].lstrip("\n").partition("\n")[0]
        assert "#" in line or following.lstrip().startswith("#"), line


def test_opencv_is_bounded_below_5() -> None:
    lines = [line for line in requirement_lines("requirements.txt") if line.startswith("opencv")]
    (requirement,) = [Requirement(line.partition("#")[0].strip()) for line in lines]
    assert requirement.name == "opencv-python-headless"
    assert not requirement.specifier.contains("5.0.0.1")


def test_exactly_one_opencv_wheel_is_installed() -> None:
    assert list(opencv_wheels()) == ["opencv-python-headless"]


def test_python_versions_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">=" + ".".join(map(str, MIN_PYTHON))


def test_readme_names_the_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in available_commands():
        assert f"python -m emotion_core {name}" in text, name
    for target in ("make run", "make test"):
        assert target in text
        assert re.search(rf"^{target.split()[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_readme_links_lead_somewhere() -> None:
    for name in ("README.md", "CONTRIBUTING.md", "benchmarks/README.md"):
        path = ROOT / name
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{name}: {target}"


def test_model_table_of_the_readme_is_that_of_the_cards() -> None:
    table = markdown_table(ModelRegistry(MODELS_ROOT))
    assert table in (ROOT / "README.md").read_text(encoding="utf-8")
