"""What ``pip install`` leaves out unless it is asked for: extras, and how to get them."""

import importlib.util

from emotion_core.errors import MissingExtraError
from emotion_core.paths import is_installed

#: Extra per module that is imported; see pyproject.toml. A test compares.
EXTRAS = {
    "streamlit": "app",
    "fastapi": "api",
    "python_multipart": "api",
    "authlib": "login",
    "keras": "train",
    "cleanlab": "audit",
    "psycopg": "postgres",
    "sklearn": "audit",
    "krippendorff": "reports",
    "ray": "ray",
    "reportlab": "reports",
    "vl_convert": "reports",
    "xlsxwriter": "reports",
    "tensorboard": "tensorboard",
    "threadpoolctl": "audit",
}


def need(module: str, what: str) -> None:
    """Makes sure that a module of an extra can be imported, before any work is begun.

    Args:
        module: a key of ``EXTRAS``.
        what: what needs it, as the beginning of a sentence: ``"Training"``.

    Raises:
        MissingExtraError: it is not installed; the sentence says how to get it.
    """
    if importlib.util.find_spec(module) is not None:
        return
    extra = EXTRAS[module]
    command = f'pip install "emotion-lens[{extra}]"'
    if not is_installed():
        command += " (in this checkout: pip install -r requirements.txt)"
    raise MissingExtraError(
        f"{what} needs the package {module}, which the extra {extra} brings: {command}"
    )
