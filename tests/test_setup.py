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
    for target in ("make run", "make test", "make docs"):
        assert target in text
        assert re.search(rf"^{target.split()[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def linked_files() -> list[Path]:
    names = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md")
    return [ROOT / name for name in names] + sorted((ROOT / "docs").rglob("*.md"))


def anchors(path: Path) -> set[str]:
    """The names under which a page's headings can be linked, as code hosts and MkDocs make them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("path", linked_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!\w+:)([^)\s]+)\)", text)
    targets += re.findall(r'(?:src|srcset)="([^"]+)"', text)
    for target in targets:
        name, _, anchor = target.partition("#")
        file = path.parent / name if name else path
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


def test_readme_leads_to_the_pages_of_the_documentation() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for page in (*(ROOT / "docs").glob("*.md"), ROOT / "docs" / "measured" / "index.md"):
        if page.name != "index.md" or page.parent.name == "measured":
            assert f"({page.relative_to(ROOT).as_posix()}" in text, page.relative_to(ROOT)


def test_screenshots_are_small_and_used() -> None:
    pictures = sorted((ROOT / "docs" / "pictures").iterdir())
    texts = "".join(path.read_text(encoding="utf-8") for path in linked_files())
    assert 0 < len(pictures) <= 12
    for picture in pictures:
        assert picture.stat().st_size < 200_000, picture.name
        # The theme shows the dark form of a picture by itself (docs/hooks.py).
        assert picture.name.replace("-dark", "") in texts, picture.name


def test_model_table_of_the_readme_is_that_of_the_cards() -> None:
    table = markdown_table(ModelRegistry(MODELS_ROOT))
    assert table in (ROOT / "README.md").read_text(encoding="utf-8")
