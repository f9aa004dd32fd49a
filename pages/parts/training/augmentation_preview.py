"""What augmentation does to faces, as one picture that follows the form."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from emotion_core.datasets import SYNTHETIC, TRAINING, build_synthetic, load_dataset
from pages.parts.training.form import Choice

if TYPE_CHECKING:
    from emotion_core.datasets import EmotionDataset
    from emotion_core.types import UInt8Array

_COLUMNS, _ROWS = 6, 3
_GAP_PX = 2
_SAMPLE = 96
_SEED = "_preview_seed"


def augmented_grid(choice: Choice) -> None:
    """Draws faces as the network will get them."""
    from emotion_core.training.augmentation_preview import augmented_faces

    seed = st.session_state.setdefault(_SEED, 0)
    faces = augmented_faces(_faces(choice.dataset), choice.config, _COLUMNS * _ROWS, seed)
    with st.container(key="train_preview"):
        st.image(
            _tiled(faces), width="stretch",
            alt=f"{len(faces)} faces of the training images, changed as the network will see them.",
        )  # fmt: skip
    st.button(
        "Show other faces", key="train_preview_more", icon=":material/refresh:", type="tertiary",
        on_click=_next_seed,
    )  # fmt: skip


def _next_seed() -> None:
    st.session_state[_SEED] += 1


def _faces(dataset: str) -> "EmotionDataset":
    changed = 0.0 if dataset == SYNTHETIC else Path(dataset).stat().st_mtime
    return _sample(dataset, changed)


@st.cache_resource(show_spinner="Reading some faces", max_entries=4)
def _sample(dataset: str, changed: float) -> "EmotionDataset":  # noqa: ARG001 - the cache's key
    """A few training faces of a data set, read anew when its file has changed."""
    whole = build_synthetic(per_class=16) if dataset == SYNTHETIC else load_dataset(dataset)
    rows = np.flatnonzero(whole.usage == TRAINING)
    return whole.select(np.random.default_rng(0).permutation(rows)[:_SAMPLE])


def _tiled(faces: "UInt8Array") -> "UInt8Array":
    """Faces in rows, enlarged without smoothing, on a grey that suits both themes."""
    big = faces.repeat(2, axis=1).repeat(2, axis=2)
    side = big.shape[1] + _GAP_PX
    rows = -(-len(big) // _COLUMNS)
    sheet = np.full((rows * side - _GAP_PX, _COLUMNS * side - _GAP_PX), 128, np.uint8)
    for i, face in enumerate(big):
        top, left = (i // _COLUMNS) * side, (i % _COLUMNS) * side
        sheet[top : top + face.shape[0], left : left + face.shape[1]] = face
    return sheet
