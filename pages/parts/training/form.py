"""The settings of a new run: presets, the form, and what they come to."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import streamlit as st

from emotion_core.classifiers.architectures import ARCHITECTURES, FULLY_CONVOLUTIONAL
from emotion_core.datasets import (
    LABEL_SOURCES,
    SYNTHETIC,
    corrections_path,
    default_dataset_path,
    stored_votes,
)
from emotion_core.files.atomic_files import readable
from emotion_core.paths import data_folder
from emotion_core.training.augmentation import Augmentation
from emotion_core.training.config import (
    CLASS_BALANCES,
    OPTIMIZERS,
    SCHEDULES,
    TrainingConfig,
)
from emotion_core.training.presets import PRESETS
from pages.parts.training.distillation import others_form
from pages.parts.training.fields import key, number, select, slider, toggle

_PRESET = "train_preset"
_DATASET = "train_dataset"
NAME_KEY = "train_name"

_PRESET_TITLES = {
    "smoke": "Smoke test in a minute",
    "emotion-detection": "Emotion-detection's recipe",
    "compact": "Best compact",
    "flagship": "Most accurate",
}
_PRESET_NOTES = {
    "smoke": "A tiny network and a few epochs: shows that everything works, not how good a model "
    "can get.",
    "emotion-detection": "The network and settings of github.com/atulapra/Emotion-detection, "
    "leaked images included, for comparison.",
    "compact": "A small residual network with two heads, from nothing, taught by the shipped "
    "models. Estimate the time first.",
    "flagship": "The network of the shipped flagship, from nothing, taught by the shipped models. "
    "Estimate the time first.",
}
_LABEL_TITLES = {
    "fer2013": "FER-2013 (original)",
    "raters": "Raters (FER+ votes)",
    "mixed": "Mixed",
    "auxiliary-head": "Auxiliary head",
    "multi-task": "Multi-task",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen for a new run.

    Attributes:
        config: its settings.
        dataset: a path, or ``synthetic``.
    """

    config: TrainingConfig
    dataset: str


def dataset_choices() -> dict[str, str]:
    """{path or "synthetic": name for people} of the data sets on this machine."""
    found = [default_dataset_path(), *sorted(data_folder().glob("*.parquet"))]
    paths = {str(path): readable(path.stem) for path in found if path.is_file()}
    return {**paths, SYNTHETIC: "Synthetic data set"}


def preset_choice() -> None:
    """Draws the presets; choosing one fills in the form."""
    if key("architecture") not in st.session_state:
        _fill_in("smoke")
    chosen = st.segmented_control(
        "Preset", list(_PRESET_TITLES), format_func=_PRESET_TITLES.__getitem__,
        key=_PRESET, persist_state="session", on_change=_preset_chosen,
    )  # fmt: skip
    changed = "" if chosen is None or _as_preset(chosen) else " You have changed settings since."
    note = _PRESET_NOTES.get(chosen or "", "Settings of your own.")
    st.caption(note + changed)


def settings_form() -> Choice:
    """Draws the form and returns what it holds.

    Raises:
        TrainingError: values that do not fit together.
    """
    dataset = _data()
    first, second = st.columns(2, gap="medium")
    with first:
        select(
            "architecture",
            "Network",
            tuple(ARCHITECTURES),
            str,
            note="More weights learn more and take longer; in millions: emotion-cnn 2.3, "
            "mini-xception 0.06, compact 1.9, flagship 4.3, flagship-lean 3.2. The last is the "
            "shipped flagship's, an eighth faster than flagship.",
        )
        number("epochs", "Epochs")
        number("batch_size", "Batch size")
        select("optimizer", "Optimiser", OPTIMIZERS, {"sgd": "SGD (Nesterov)", "adam": "Adam",
                "adamw": "AdamW", "muon": "Muon"}.__getitem__)  # fmt: skip
        number("learning_rate", "Learning rate (peak)", step=None, form="%.6g")
        select("schedule", "Schedule", SCHEDULES, str.capitalize)
    with second:
        _labels(dataset)
        select(
            "class_balance",
            "Class balance",
            CLASS_BALANCES,
            {"none": "None", "weights": "Class weights", "sampling": "Oversampling"}.__getitem__,
            note="Class weights: errors on rare expressions count more. Oversampling: rare "
            "expressions are shown more often.",
        )
        slider("label_smoothing", "Label smoothing", 0.01)
        number("early_stopping", "Early stopping (epochs without progress)",
                note="0 trains all epochs.")  # fmt: skip
        number("seed", "Seed",
                note="The same seed and settings give the same run.")  # fmt: skip
        toggle(
            "leak_free",
            "Leave out leaked images",
            note="Training images that are also, exactly or mirrored, in PublicTest or "
            "PrivateTest.",
        )
        toggle(
            "mixed_precision",
            "Mixed precision",
            note="Multiplies in bfloat16, with weights and sums in float32: a fifth to a half "
            "faster on a graphics card and on processors with AVX512-BF16 or AMX. On other "
            "processors it is slower.",
        )
    others_form(st.session_state[key("architecture")], st.session_state[key("labels")])
    return Choice(_config(), dataset)


def _labels(dataset: str) -> None:
    """Labels that the data set has."""
    voted = _has_votes(dataset)
    known = LABEL_SOURCES if voted else ("fer2013",)
    if st.session_state.get(key("labels")) not in known:
        st.session_state[key("labels")] = "fer2013"
    note = "" if voted else " This data set has none."
    select(
        "labels",
        "Labels",
        known,
        _LABEL_TITLES.__getitem__,
        note="- **FER-2013**: the original labels.\n- **Raters**: the shares of the FER+ votes.\n"
        "- **Mixed**: one target of both.\n- **Auxiliary head**: the original labels, and the "
        "votes by a second head that is not kept.\n- **Multi-task**: both, by two heads that are "
        f"kept.\n\nAll but the first need a data set with FER+ votes.{note}",
    )


def _has_votes(dataset: str) -> bool:
    path = Path(dataset)
    return path.is_file() and _stored_votes(path, path.stat().st_mtime_ns)


@st.cache_data(show_spinner=False)
def _stored_votes(path: Path, changed_ns: int) -> bool:  # noqa: ARG001 - the cache's key
    return stored_votes(path)


def augmentation_form() -> None:
    """Draws how strongly faces are changed."""
    toggle("augmentation.flip", "Random horizontal flip")
    first, second = st.columns(2, gap="medium")
    with first:
        slider("augmentation.shift", "Shift", 0.01)
        slider("augmentation.rotation_deg", "Rotation", 1.0, form="%d°")
        slider("augmentation.scale", "Size", 0.01)
        slider("augmentation.brightness", "Brightness", 0.01)
        slider("augmentation.sharp_share", "Share left sharp", 0.05,
                note="The other faces are softened by being resampled.")  # fmt: skip
    with second:
        slider("augmentation.contrast", "Contrast", 0.05)
        slider(
            "augmentation.random_erasing",
            "Random erasing",
            0.05,
            note="Probability that a rectangle of a face is erased.",
        )
        slider(
            "augmentation.degradation",
            "Degraded faces",
            0.05,
            note="Share of the faces that is made dark, blurred, small or compressed, as cameras "
            "deliver them.",
        )
        slider("augmentation.mixup", "Mixup", 0.05, note="Blends pairs of faces; 0 is off.")
        slider("augmentation.cutmix", "CutMix", 0.05,
                note="Pastes in a part of another face; 0 is off.")  # fmt: skip


def choose_preset(name: str) -> None:
    """Selects a preset, as a click on it does."""
    st.session_state[_PRESET] = name
    _fill_in(name)


def _data() -> str:
    """The data set, with or without corrections."""
    choices = dataset_choices()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        dataset = st.selectbox(
            "Data set", list(choices), format_func=lambda path: choices.get(path, path),
            key=_DATASET, persist_state="session",
        )  # fmt: skip
        corrected = corrections_path(Path(dataset)).is_file()
        toggle("corrections", "Apply corrections", disabled=not corrected)
    return dataset


def _config() -> TrainingConfig:
    """The form's values on top of the preset's, which also knows settings without a field."""
    base = PRESETS.get(st.session_state.get(_PRESET) or "", TrainingConfig())
    values: dict[str, Any] = {}
    parts: dict[str, Any] = {}
    for name in _names():
        value = st.session_state.get(key(name))
        if value is None:
            continue
        head, _, tail = name.partition(".")
        (parts if tail else values)[tail or head] = value
    if values["architecture"] not in FULLY_CONVOLUTIONAL:
        values["progressive_resizing_px"] = 0
    if values["labels"] != "multi-task":
        values["rater_teachers"] = ()
    return base.with_values({**values, "augmentation": parts})


def _names() -> list[str]:
    """Settings that have a field in the form."""
    return [
        "architecture", "epochs", "batch_size", "optimizer", "learning_rate", "schedule",
        "labels", "class_balance", "label_smoothing", "early_stopping", "seed", "leak_free",
        "corrections", "init_from", "teachers", "rater_teachers", "teacher_weight",
        "mixed_precision",
        *(f"augmentation.{part}" for part in (
            "flip", "shift", "rotation_deg", "scale", "brightness", "contrast", "random_erasing",
            "mixup", "cutmix", "sharp_share", "degradation",
        )),
    ]  # fmt: skip


def _values(config: TrainingConfig) -> dict[str, Any]:
    parts = {f"augmentation.{f.name}": getattr(config.augmentation, f.name)
             for f in fields(Augmentation)}  # fmt: skip
    flat: Mapping[str, Any] = {**config.to_dict(), **parts}
    return {name: flat[name] for name in _names()}


def _fill_in(preset: str) -> None:
    st.session_state.setdefault(_PRESET, preset)
    for name, value in _values(PRESETS[preset]).items():
        # Sliders know one type of number only.
        whole = isinstance(value, int) and not isinstance(value, bool)
        is_share = whole and name.startswith("augmentation.")
        st.session_state[key(name)] = float(value) if is_share else value


def _preset_chosen() -> None:
    if st.session_state.get(_PRESET):
        _fill_in(st.session_state[_PRESET])


def _as_preset(preset: str) -> bool:
    """Whether the form still holds what the preset filled in, as far as the data set allows."""
    wanted = _values(PRESETS[preset])
    if not _has_votes(st.session_state.get(_DATASET, "")):
        wanted["labels"] = "fer2013"
        del wanted["rater_teachers"]  # not drawn, and not used
    # A multiselect makes a list of a tuple.
    return all(_plain(st.session_state.get(key(n))) == _plain(v) for n, v in wanted.items())


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
