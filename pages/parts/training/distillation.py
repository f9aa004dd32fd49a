"""What a new run takes over from other networks: a checkpoint, and predictions to be distilled."""

import streamlit as st

from emotion_core.classifiers.card import KERAS_FILE
from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.errors import ModelError
from emotion_core.files.atomic_files import readable
from emotion_core.paths import runs_folder
from emotion_core.training.run_folder import RunFolder
from emotion_core.training.teacher_predictions import SUFFIX
from pages.parts.training.fields import key, select, slider


def others_form(architecture: str, labels: str) -> None:
    """Draws the choice among the models and runs of this machine.

    Args:
        architecture: of the new run; only such networks can give it their weights.
        labels: of the new run; with two heads each has teachers of its own.
    """
    networks = _networks()
    same = ("", *(name for name, kind in networks.items() if kind == architecture))
    _forget_missing("init_from", same)
    teachers = tuple(networks)
    for name in ("teachers", "rater_teachers"):
        chosen = tuple(st.session_state.get(key(name)) or ())
        files = tuple(one for one in chosen if one.endswith(SUFFIX) and one not in teachers)
        teachers += files  # that a recipe brought
        st.session_state[key(name)] = [teacher for teacher in chosen if teacher in teachers]
    with st.expander("Knowledge distillation and initial weights", icon=":material/school:"):
        select(
            "init_from",
            "Initialise from checkpoint",
            same,
            lambda name: name or "None: random weights",
            note="A run or model with the same network.",
        )
        st.multiselect(
            "Teachers", teachers, key=key("teachers"), persist_state="session",
            placeholder="None",
            help="Knowledge distillation: the teachers' predictions become a part of the labels.",
        )  # fmt: skip
        if labels == "multi-task":
            st.multiselect(
                "Teachers of the raters' head", teachers, key=key("rater_teachers"),
                persist_state="session", placeholder="None",
                help="The others teach the head for the original labels. A model with two heads "
                "says what it is asked for.",
            )  # fmt: skip
        slider("teacher_weight", "Weight of the teachers' predictions in the labels", 0.05)


def _networks() -> dict[str, str]:
    """{name: architecture} of the models and of the runs that have finished an epoch."""
    registry, found = ModelRegistry(), {}
    for name in registry.names():
        try:
            card = registry.card(name)
        except ModelError:
            continue  # the side bar says what is wrong with it
        if (registry.folder(name) / KERAS_FILE).is_file():
            found[name] = card.architecture
    for path in sorted(runs_folder().glob(f"*/{KERAS_FILE}")):
        config, name = RunFolder(path.parent).read_config(), path.parent.name
        if config and name == readable(name):  # else it can be neither shown nor chosen
            found.setdefault(name, str(config.get("architecture", "")))
    return found


def _forget_missing(name: str, known: tuple[str, ...]) -> None:
    if st.session_state.get(key(name)) not in known:
        st.session_state[key(name)] = known[0]
