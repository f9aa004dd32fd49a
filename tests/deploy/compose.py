"""compose.yaml as Compose reads it: variables put in, and what each service gets."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"

# ${NAME}, ${NAME:-instead} and ${NAME:?complaint}.
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


class MissingVariableError(Exception):
    """What Compose refuses to start without."""


def with_variables(value: Any, variables: Mapping[str, str]) -> Any:
    """A value of the file with its variables put in, as Compose does it."""
    if isinstance(value, dict):
        return {key: with_variables(own, variables) for key, own in value.items()}
    if isinstance(value, list):
        return [with_variables(own, variables) for own in value]
    if not isinstance(value, str):
        return value

    def put_in(found: re.Match[str]) -> str:
        name, kind, text = found.groups()
        if given := variables.get(name, ""):
            return given
        if kind == "?":
            raise MissingVariableError(f"{name}: {text}")
        return (text or "") if kind == "-" else ""

    return _VARIABLE.sub(put_in, value)


def services(variables: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """{service: what stands under it}."""
    document = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return dict(with_variables(document, variables)["services"])


def used_variables() -> set[str]:
    """The names of all variables in the file."""
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    return {found[1] for found in _VARIABLE.finditer(text)}


def env_file(path: Path = DEPLOY / "env.example") -> dict[str, str]:
    """{name: value} of a file of variables."""
    lines = path.read_text(encoding="utf-8").splitlines()
    given = [line.partition("=") for line in lines if line.strip() and not line.startswith("#")]
    return {name: value for name, _, value in given}


def environment(service: Mapping[str, Any]) -> dict[str, str]:
    """The variables that a service is started with."""
    return {name: str(value) for name, value in service.get("environment", {}).items()}
