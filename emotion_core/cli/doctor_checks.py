"""The checks of ``doctor``.

Only the standard library is imported at the top: a check has to be able to say that a package is
missing, also when it is one that the library itself is built on.
"""

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from emotion_core.errors import EmotionLensError
from emotion_core.paths import DATASET_ENV, HOME_ENV, ROOT, home_folder, is_installed

OK, NOTE, PROBLEM = "ok", "note", "problem"

#: The name under which pip knows this program.
DISTRIBUTION = "emotion-lens"

#: Versions of Python that requirements.txt is written for: see requires-python in pyproject.toml.
MIN_PYTHON = (3, 11)
#: A training run with its checkpoints and a data set take about 0.5 GB.
MIN_FREE_BYTES = 1_000_000_000
_INSTALL = (
    "install Emotion Lens again with pip."
    if is_installed()
    else "run `make run`, or `.venv/bin/pip install -r requirements.txt`."
)
#: Wheels that all install the same package, cv2: with two of them, which one wins is luck.
OPENCV_WHEELS = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report.

    Attributes:
        name: what was looked at.
        status: ``"ok"``, ``"note"`` (good to know) or ``"problem"``.
        detail: what was found.
        advice: what to do about it; empty when there is nothing to do.
    """

    name: str
    status: str
    detail: str
    advice: str = ""


def run_checks() -> list[Check]:
    """Everything that can be looked at without starting anything."""
    groups: tuple[Callable[[], Iterator[Check]], ...] = (
        check_python,
        check_packages,
        check_opencv,
        check_models,
        check_detectors,
        check_camera,
        check_dataset,
        check_disk,
    )
    checks: list[Check] = []
    for group in groups:
        try:
            checks.extend(group())
        except ImportError as error:
            checks.append(
                Check(_title(group), PROBLEM, f"Cannot be checked: {error}.", f"First {_INSTALL}")
            )
        except Exception as error:  # one broken part must not hide the state of the others
            text = str(error) if isinstance(error, EmotionLensError) else repr(error)
            checks.append(Check(_title(group), PROBLEM, f"Cannot be checked: {text}"))
    return checks


def _title(group: Callable[[], Iterator[Check]]) -> str:
    return group.__name__.removeprefix("check_").capitalize()


def check_python() -> Iterator[Check]:
    """The interpreter's version."""
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info[:2] >= MIN_PYTHON:
        yield Check("Python", OK, found)
    else:
        wanted = ".".join(map(str, MIN_PYTHON))
        yield Check("Python", PROBLEM, found, f"install Python {wanted} or newer.")


def check_packages(requirements: Path | None = None) -> Iterator[Check]:
    """Installed versions against the bounds: of the installed package, else of requirements.txt.

    Args:
        requirements: the file to compare with; None where pip knows this program, or for the
            checkout's.
    """
    try:
        wanted = metadata.metadata(DISTRIBUTION) if requirements is None else None
    except metadata.PackageNotFoundError:
        wanted = None
    if wanted is not None:
        lines = wanted.get_all("Requires-Dist", [])
        yield from _compare(lines)
        for extra in wanted.get_all("Provides-Extra", []):
            if extra != "dev":  # for work on the code itself
                yield from _compare_extra(extra, lines)
        return
    requirements = requirements or ROOT / "requirements.txt"
    if is_installed() or not requirements.is_file():
        yield Check("Packages", NOTE, "There are no requirements to compare with.")
        return
    texts = [
        text
        for line in requirements.read_text(encoding="utf-8").splitlines()
        if (text := line.partition("#")[0].strip()) and not text.startswith("-")
    ]
    yield from _compare(texts)


def _compare(lines: list[str]) -> Iterator[Check]:
    """One line per package outside its bounds, and one for all that are inside."""
    fitting, wrong = _sorted_out(lines, "")
    for text in wrong:
        yield Check("Packages", PROBLEM, text, _INSTALL)
    yield Check("Packages", OK, f"{len(fitting)} within bounds: {', '.join(fitting)}")


def _compare_extra(extra: str, lines: list[str]) -> Iterator[Check]:
    """What is missing of an extra is a note: nobody has to have it."""
    from packaging.requirements import Requirement

    markers = [(line, Requirement(line).marker) for line in lines]
    own = [line for line, marker in markers if marker and not marker.evaluate({"extra": ""})]
    fitting, wrong = _sorted_out(own, extra)
    if wrong:
        advice = f'to have it, `pip install "{DISTRIBUTION}[{extra}]"`.'
        yield Check(f"Extra {extra}", NOTE, f"Not complete: {' '.join(wrong)}", advice)
    elif fitting:
        yield Check(f"Extra {extra}", OK, f"{len(fitting)} within bounds: {', '.join(fitting)}")


def _sorted_out(lines: list[str], extra: str) -> tuple[list[str], list[str]]:
    """The packages within their bounds, and a sentence for each that is not."""
    from packaging.requirements import Requirement

    fitting, wrong = [], []
    for line in lines:
        requirement = Requirement(line)
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{requirement.name} is not installed.")
            continue
        if requirement.specifier.contains(version, prereleases=True):
            fitting.append(f"{requirement.name} {version}")
        else:
            wrong.append(f"{requirement.name} {version}: wanted {requirement.specifier}.")
    return fitting, wrong


def opencv_wheels() -> dict[str, str]:
    """{wheel: version} of the installed OpenCV wheels."""
    found = {}
    for name in OPENCV_WHEELS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def check_opencv() -> Iterator[Check]:
    """Exactly one OpenCV wheel, and one that still has the cascades."""
    wheels = opencv_wheels()
    found = ", ".join(f"{name} {version}" for name, version in wheels.items()) or "none"
    if len(wheels) == 1 and int(next(iter(wheels.values())).split(".")[0]) < 5:
        yield Check("OpenCV", OK, f"One wheel: {found}")
    elif len(wheels) == 1:
        yield Check(
            "OpenCV",
            PROBLEM,
            f"{found} has no CascadeClassifier.",
            'run `pip install "opencv-python-headless<5"`.',
        )
    else:
        yield Check(
            "OpenCV",
            PROBLEM,
            f"Wanted one OpenCV wheel. Found: {found}.",
            f"`pip uninstall {' '.join(wheels) or 'opencv-python'}`, then "
            '`pip install "opencv-python-headless<5"`.',
        )


def check_models() -> Iterator[Check]:
    """Every model's files against its card, and its network on a trial."""
    from emotion_core.classifiers.registry import ModelRegistry

    registry = ModelRegistry()
    names = registry.names()
    if not names:
        yield Check(
            "Models",
            PROBLEM,
            f"No model in {registry.root}.",
            "get the models/ folder of the repository, or train one: "
            "`python -m emotion_core train --help`.",
        )
    default = registry.find_default()
    if names and default is None:
        advice = f"choose one: `python -m emotion_core models default {names[0]}`."
        yield Check("Models", NOTE, "None of the models is the default.", advice)
    for name in names:
        problems = registry.verify(name)
        if problems:
            advice = f"restore models/{name} from where it came from, or remove the folder."
            yield Check(f"Model {name}", PROBLEM, "; ".join(problems), advice)
        else:
            mark = " (default)" if name == default else ""
            yield Check(f"Model {name}", OK, f"Files match the card, a trial was answered{mark}")


def check_detectors() -> Iterator[Check]:
    """Which face detectors work here, each tried on an empty picture."""
    import numpy as np

    from emotion_core.faces import all_detectors, build_detector, default_detector_name

    empty = np.zeros((64, 64, 3), np.uint8)
    works = False
    for info in all_detectors():
        name = f"Detector {info.name}"
        if not info.available:
            yield Check(name, NOTE, f"Not usable here: {info.reason}")
            continue
        try:
            build_detector(info.name).detect(empty)
        except EmotionLensError as error:
            yield Check(name, PROBLEM, str(error), _INSTALL)
            continue
        works = True
        default = " (default)" if info.name == default_detector_name() else ""
        useful = info.confidences
        minimum = f"minimum confidence {useful.lowest:g} to {useful.highest:g}"
        yield Check(name, OK, f"{info.title}{default}, {minimum}, usually {useful.usual:.2g}")
    if not works:
        yield Check("Detectors", PROBLEM, "No face detector works.", _INSTALL)


def check_camera() -> Iterator[Check]:
    """What has to be allowed before a browser hands out camera pictures."""
    where = {
        "Darwin": "macOS asks once per browser: System Settings, Privacy & Security, Camera.",
        "Windows": "Windows: Settings, Privacy & security, Camera, let desktop apps use it.",
    }.get(platform.system(), "")
    if platform.system() == "Linux":
        devices = sorted(path.name for path in Path("/dev").glob("video*"))
        where = f"Linux shows {', '.join(devices)}." if devices else "Linux shows no /dev/video*."
    yield Check(
        "Camera",
        NOTE,
        f"{where} The browser asks for permission on the page, which works at "
        "127.0.0.1 or localhost; from another machine browsers want HTTPS.",
    )


def check_dataset() -> Iterator[Check]:
    """The data set for training and evaluation."""
    from emotion_core.datasets import default_dataset_path

    path = default_dataset_path()
    if not path.is_file():
        if os.environ.get(DATASET_ENV):
            detail = f"{DATASET_ENV} names {path}, and there is no such file."
            yield Check("Data set", PROBLEM, detail, f"correct or unset {DATASET_ENV}.")
        else:
            yield Check(
                "Data set",
                NOTE,
                "None. Reading photos needs none; training and evaluation do: "
                f"set {DATASET_ENV}, or see `python -m emotion_core dataset --help`.",
            )
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        footer = pq.read_metadata(path)
    except (pa.ArrowException, OSError) as error:
        yield Check("Data set", PROBLEM, f"{path}: {error}", "import it again.")
        return
    columns = set(footer.schema.to_arrow_schema().names)
    missing = sorted({"image", "label", "usage"} - columns)
    if missing:
        detail = f"{path} lacks {', '.join(missing)}."
        yield Check("Data set", PROBLEM, detail, "import it again.")
        return
    votes = "with" if any(name.startswith("votes_") for name in columns) else "without"
    yield Check("Data set", OK, f"{footer.num_rows:,} images, {votes} FER+ votes: {path}")


def check_disk() -> Iterator[Check]:
    """Room and permission to write where runs and imports go."""
    home = home_folder()
    if is_installed() and not os.environ.get(HOME_ENV):
        # Made with the first run or import; until then the folder above it tells as much.
        home = next(path for path in (home, *home.parents) if path.is_dir())
    if not home.is_dir():
        detail = f"EMOTION_LENS_HOME names {home}, and there is no such folder."
        yield Check("Disk", PROBLEM, detail, "make the folder or unset it.")
        return
    free = shutil.disk_usage(home).free
    detail = f"{free / 1e9:.1f} GB free in {home}"
    try:
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        advice = "choose another folder with EMOTION_LENS_HOME."
        yield Check("Disk", PROBLEM, f"Cannot write to {home}: {error.strerror}.", advice)
        return
    if free < MIN_FREE_BYTES:
        yield Check("Disk", PROBLEM, detail, "free 1 GB: training writes checkpoints.")
    else:
        yield Check("Disk", OK, detail)
