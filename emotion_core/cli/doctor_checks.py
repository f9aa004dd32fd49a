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
from pathlib import Path

from emotion_core.cli.doctor_packages import check_opencv, check_packages
from emotion_core.cli.doctor_report import INSTALL, NOTE, OK, PROBLEM, Check
from emotion_core.errors import EmotionLensError
from emotion_core.paths import DATASET_ENV, HOME_ENV, home_folder, is_installed

#: Versions of Python that requirements.txt is written for: see requires-python in pyproject.toml.
MIN_PYTHON = (3, 11)
#: A training run with its checkpoints and a data set take about 0.5 GB.
MIN_FREE_BYTES = 1_000_000_000


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
        check_disk_use,
    )
    checks: list[Check] = []
    for group in groups:
        try:
            checks.extend(group())
        except ImportError as error:
            checks.append(
                Check(_title(group), PROBLEM, f"Cannot be checked: {error}.", f"First {INSTALL}")
            )
        except Exception as error:  # one broken part must not hide the state of the others
            text = str(error) if isinstance(error, EmotionLensError) else repr(error)
            checks.append(Check(_title(group), PROBLEM, f"Cannot be checked: {text}"))
    return checks


def _title(group: Callable[[], Iterator[Check]]) -> str:
    return group.__name__.removeprefix("check_").replace("_", " ").capitalize()


def check_python() -> Iterator[Check]:
    """The interpreter's version."""
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info[:2] >= MIN_PYTHON:
        yield Check("Python", OK, found)
    else:
        wanted = ".".join(map(str, MIN_PYTHON))
        yield Check("Python", PROBLEM, found, f"install Python {wanted} or newer.")


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
            yield Check(name, PROBLEM, str(error), INSTALL)
            continue
        works = True
        default = " (default)" if info.name == default_detector_name() else ""
        useful = info.confidences
        minimum = f"minimum confidence {useful.lowest:g} to {useful.highest:g}"
        yield Check(name, OK, f"{info.title}{default}, {minimum}, usually {useful.usual:.2g}")
    if not works:
        yield Check("Detectors", PROBLEM, "No face detector works.", INSTALL)


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


def check_disk_use() -> Iterator[Check]:
    """What everything of ours takes, the largest kinds by name."""
    from emotion_core.disk_use import measure
    from emotion_core.wording import file_size

    uses = sorted(measure(removable=False), key=lambda use: -use.size.bytes)
    total = sum(use.size.bytes for use in uses)
    largest = [f"{use.kind.title.lower()} {file_size(use.size.bytes)}" for use in uses[:3]]
    yield Check(
        "Disk use",
        OK,
        f"{file_size(total)}, most of it {', '.join(largest)}; `python -m emotion_core jobs disk` "
        "lists all and cleans up",
    )
