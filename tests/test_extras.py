"""Packages that are only there when asked for: one sentence where they are not."""

import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from emotion_core.classifiers.quiet import load_tensorflow
from emotion_core.errors import MissingExtraError
from emotion_core.extras import EXTRAS, need

PYPROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


@pytest.mark.parametrize("module", EXTRAS)
def test_the_extra_brings_the_module(module: str) -> None:
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    brings = {
        canonicalize_name(Requirement(r).name)
        for r in project["optional-dependencies"][EXTRAS[module]]
    }
    assert brings & {canonicalize_name(name) for name in packages_distributions()[module]}
    need(module, "This test")


def test_loading_keras_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keras", None)
    load_tensorflow.cache_clear()
    with pytest.raises(MissingExtraError, match=r'pip install "emotion-lens\[train\]"'):
        load_tensorflow()
