"""Every kind of long work: its name, where its function is, and what may run beside it.

Functions are named as text, because they belong to parts that build on this one. Only what stands
here can be run: a job's folder names a kind, never a function.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emotion_core.errors import JobError
from emotion_core.jobs.context import JobContext

#: Does the work; what it returns is the job's result, and can stand in JSON.
Work = Callable[[JobContext, Mapping[str, Any]], Mapping[str, Any] | None]
#: Is told the arguments of a job whose process ended without a word, and why it did.
Died = Callable[[Mapping[str, Any], str], None]

#: How many jobs of one lane run at once.
LANES: Mapping[str, int] = {"training": 1, "work": 2, "estimate": 1, "video": 1, "batch": 1}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of work.

    Attributes:
        title: what it is called on the screen.
        function: ``"module:function"`` of type ``Work``.
        lane: key of ``LANES``.
        resumes: whether a job that stopped goes on where it was.
        kept: what is not lost when it ends early, as a sentence.
        died: ``"module:function"`` of type ``Died``; empty for none.
    """

    title: str
    function: str
    lane: str = "work"
    resumes: bool = False
    kept: str = "Nothing was written."
    died: str = ""

    def load(self) -> Work:
        """Imports the function."""
        work: Work = _named(self.function)
        return work

    def load_died(self) -> Died | None:
        """Imports the function that is told of a death."""
        if not self.died:
            return None
        died: Died = _named(self.died)
        return died


KINDS: Mapping[str, Kind] = {
    "detector-fetch": Kind("Detector download", "emotion_core.faces.job_kinds:run_fetch"),
    "dataset-import": Kind("Data set import", "emotion_core.datasets.job_kinds:run_import"),
    "dataset-export": Kind("Data set export", "emotion_core.datasets.job_kinds:run_export"),
    "dataset-audit": Kind("Data set audit", "emotion_core.evaluation.job_kinds:run_audit"),
    "evaluation": Kind("Evaluation", "emotion_core.evaluation.job_kinds:run_evaluation"),
    "robustness": Kind(
        "Robustness test",
        "emotion_core.evaluation.job_kinds:run_robustness",
        resumes=True,
        kept="Every finished condition is kept.",
    ),
    "shifts": Kind(
        "Shifted faces",
        "emotion_core.evaluation.job_kinds:run_shifts",
        resumes=True,
        kept="Every finished condition is kept.",
    ),
    "training": Kind(
        "Training",
        "emotion_core.training.job_kinds:run_training",
        lane="training",
        resumes=True,
        kept="Everything up to the last full epoch is kept.",
        died="emotion_core.training.job_kinds:training_died",
    ),
    "training-estimate": Kind(
        "Time estimate",
        "emotion_core.training.job_kinds:run_estimate",
        lane="estimate",
        kept="Nothing is kept of an estimate.",
    ),
    "video-analysis": Kind(
        "Video analysis",
        "emotion_core.video.job_kinds:run_analysis",
        lane="video",
        resumes=True,
        kept="What was read in the video so far is kept.",
    ),
    "video-copy": Kind(
        "Annotated copy",
        "emotion_core.video.job_kinds:run_copy",
        lane="video",
        kept="The video and its table are as they were.",
    ),
    "batch": Kind(
        "Batch",
        "emotion_core.batch.job_kinds:run_job",
        lane="batch",
        resumes=True,
        kept="Every finished part is kept.",
    ),
    "model-promotion": Kind(
        "Promotion",
        "emotion_core.training.job_kinds:run_promotion",
        kept="The run is kept.",
    ),
}


def kind_named(name: str) -> Kind:
    """A kind by its name.

    Raises:
        JobError: there is no such kind.
    """
    if name not in KINDS:
        raise JobError(f"kind: wanted one of {', '.join(KINDS)}. Received: {name!r}")
    return KINDS[name]


def _named(place: str) -> Any:
    module, _, function = place.partition(":")
    return getattr(importlib.import_module(module), function)
