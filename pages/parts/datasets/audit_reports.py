"""The kept audits, apart from their page: a page of faces shall not wait for charts."""

from pathlib import Path

import streamlit as st

from emotion_core.datasets import EmotionDataset
from emotion_core.datasets.audit import AuditReport
from emotion_core.datasets.stored import StoredSet
from emotion_core.evaluation.audit import WITHOUT_MODEL, audit_folder, cached_audit
from pages.parts.common.settings import Settings


def report_of(stored: StoredSet, settings: Settings) -> AuditReport | None:
    """The audit by the model in use; else the one without a model; else None.

    Raises:
        ModelError: the model is gone.
    """
    for model, sha256 in ((settings.card.name, settings.card.sha256), (WITHOUT_MODEL, "")):
        folder = _folder(stored.facts.sha256, model, sha256, stored.facts)
        if folder.is_dir():
            report = _kept(str(folder), folder.stat().st_mtime_ns, model, stored.facts)
            if report is not None:
                return report
    return None


@st.cache_resource(show_spinner=False)
def _folder(sha256: str, model: str, model_sha256: str, _facts: EmotionDataset) -> Path:  # noqa: ARG001 - the cache's key
    return audit_folder(_facts, model)


@st.cache_resource(show_spinner=False, max_entries=3)
def _kept(folder: str, changed_ns: int, model: str, _facts: EmotionDataset) -> AuditReport | None:  # noqa: ARG001 - the cache's key
    return cached_audit(_facts, model)
