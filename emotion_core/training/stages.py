"""The stages of a training, joined to one history.

A run that was initialised from another run's checkpoint goes on where that one ended.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emotion_core.errors import TrainingError
from emotion_core.paths import runs_folder
from emotion_core.training.run_folder import RunFolder
from emotion_core.training.stored import read_rows

if TYPE_CHECKING:
    import pandas as pd

#: Epochs of the stages before the last one, one after the other, in a model's folder. A number
#: of an epoch that does not grow begins another stage.
BASE_HISTORY = "base-history.csv"

Rows = list[dict[str, float]]

# A chain of more runs than this is a mistake, e.g. two that name each other.
_MOST_STAGES = 20


def earlier_stages(folder: Path, config: Mapping[str, Any]) -> tuple[Rows, ...]:
    """The epochs of the stages before a run's own, oldest first; what cannot be read is left out.

    Args:
        folder: of the run or the model.
        config: its settings; ``init_from`` may name another run.
    """
    found: list[Rows] = []
    seen = {folder.resolve()}
    while len(found) < _MOST_STAGES:
        if (base := folder / BASE_HISTORY).is_file():
            return (*_split(_rows(base)), *reversed(found))
        before = _run_before(folder, config)
        if before is None or before.resolve() in seen:
            break
        folder, config = before, RunFolder(before).read_config()
        seen.add(folder.resolve())
        if not (rows := _rows(RunFolder(folder).history)):
            break
        found.append(rows)
    return tuple(reversed(found))


def joined(stages: "tuple[Rows, ...]") -> "pd.DataFrame":
    """One table of all stages: ``epoch`` counts on, ``stage`` says which one it is, from 1."""
    import pandas as pd

    rows, before = [], 0
    for stage, part in enumerate(stages, 1):
        rows += [{**row, "epoch": before + row["epoch"], "stage": stage} for row in part]
        before += round(part[-1]["epoch"]) if part else 0
    if not rows:
        return pd.DataFrame({"epoch": []})
    return pd.DataFrame(rows).astype({"epoch": int})


def _run_before(folder: Path, config: Mapping[str, Any]) -> Path | None:
    """The run that a run was initialised from. A model is none: another may have its name now."""
    name = config.get("init_from")
    if not name:
        return None
    for path in (Path(str(name)), folder.parent / str(name), runs_folder() / str(name)):
        if RunFolder(path).config.is_file():
            began, begins = (_created(values) for values in (RunFolder(path).read_config(), config))
            # A run of that name that was made later is another one.
            return path if began is None or begins is None or began <= begins else None
    return None


def _created(config: Mapping[str, Any]) -> float | None:
    value = config.get("created")
    return float(value) if value else None


def _rows(path: Path) -> Rows:
    try:
        return read_rows(path)[0]
    except TrainingError:
        return []


def _split(rows: Rows) -> Iterator[Rows]:
    starts = [0, *(i for i, (a, b) in enumerate(pairwise(rows), 1) if b["epoch"] <= a["epoch"])]
    for start, end in zip(starts, [*starts[1:], len(rows)], strict=True):
        if rows[start:end]:
            yield rows[start:end]
