"""``doctor`` on packages: are they there, within their bounds, and is there one OpenCV only.

Only the standard library is imported at the top, as in ``doctor_checks``.
"""

from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from emotion_core.cli.doctor_report import DISTRIBUTION, INSTALL, NOTE, OK, PROBLEM, Check
from emotion_core.paths import ROOT, is_installed

#: Wheels that all install the same package, cv2: with two of them, which one wins is luck.
OPENCV_WHEELS = (
    "opencv-python",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
)


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
        yield Check("Packages", PROBLEM, text, INSTALL)
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
