"""What a check of ``doctor`` says."""

from dataclasses import dataclass

from emotion_core.paths import is_installed

OK, NOTE, PROBLEM = "ok", "note", "problem"

#: The name under which pip knows this program.
DISTRIBUTION = "emotion-lens"

#: What to do where packages are missing.
INSTALL = (
    "install Emotion Lens again with pip."
    if is_installed()
    else "run `make run`, or `.venv/bin/pip install -r requirements.txt`."
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
