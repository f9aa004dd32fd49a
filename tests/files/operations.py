"""What is killed at every step: the real operations, each with what stands there before.

Run as a script it forks a process per step: ``operations.py NAME FOLDER`` leaves one folder per
kill in FOLDER, and a last one in which the operation came to its end.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from emotion_core.classifiers.card import LITERT_FILE, ModelCard, load_card
from emotion_core.classifiers.readme import save_with_readme
from emotion_core.classifiers.registry import MODELS_ROOT, ModelRegistry
from emotion_core.datasets import export_dataset, import_dataset, write_dataset
from emotion_core.datasets.audit import audit_dataset
from emotion_core.datasets.audit.storage import save_report
from emotion_core.files import publishing
from emotion_core.files.atomic_files import file_sha256, write_json
from emotion_core.training import promote, run
from emotion_core.training.config import TrainingConfig
from emotion_core.training.history_store import keep_history
from emotion_core.training.queue import RunQueue
from emotion_core.training.run_folder import RunFolder
from tests.training.conftest import draw_shapes

#: Small, and different.
OLD, NEW = draw_shapes(210), draw_shapes(210, seed=1)


def build_model(folder: Path, source: str, name: str = "mine") -> ModelCard:
    """A model folder with the network of a shipped model, which loads in a moment."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / LITERT_FILE).write_bytes((MODELS_ROOT / source / LITERT_FILE).read_bytes())
    files = {LITERT_FILE: file_sha256(folder / LITERT_FILE)}
    card = load_card(MODELS_ROOT / source).replaced(name=name, files=files)
    save_with_readme(card, folder)
    return card


def _before_add(folder: Path) -> None:
    build_model(folder / "source", "compact")
    (folder / "models").mkdir()


def _add(folder: Path) -> None:
    ModelRegistry(folder / "models").add(folder / "source")


def _before_promote(folder: Path) -> None:
    build_model(folder / "models" / "mine", "compact")
    (folder / "models" / "mine" / "repeated_runs").mkdir()
    (folder / "models" / "mine" / "repeated_runs" / "history.csv").write_text("of the old network")
    (folder / "models" / "mine" / "recipe.json").write_text("of the old network")
    run_folder = RunFolder(folder / "run")
    run_folder.create()
    write_json(run_folder.config, {**TrainingConfig().to_dict(), "n_training_images": 7})
    run_folder.write_history([{"epoch": 1, "val_accuracy": 0.5, "seconds": 2.0}])
    run_folder.model.write_bytes(b"a trained network")


def _promote(folder: Path) -> None:
    # Export and evaluation need TensorFlow and half a minute; all that is written is real.
    promote._fill = lambda new, *_, name, **__: build_model(new, "emotion-cnn", name)  # type: ignore[assignment]
    promote.promote_run(
        folder / "run", OLD, folder / "models", "mine", title="Mine", description="Mine.",
        replace=True, report=lambda line: None,
    )  # fmt: skip


def _promote_in_two_steps(folder: Path) -> None:
    publishing._exchange = lambda one, other: False  # as on macOS, Windows and NFS
    _promote(folder)


def _before_import(folder: Path) -> None:
    write_dataset(OLD, folder / "data" / "set.parquet")
    write_dataset(NEW, folder / "source.parquet")


def _import(folder: Path) -> None:
    import_dataset(folder / "source.parquet", folder / "data" / "set.parquet")


def _export(folder: Path) -> None:
    few = NEW.select(NEW.rows < 5)
    export_dataset(few, "png-folders", folder / "exports" / "faces")


def _enqueue(folder: Path) -> None:
    RunQueue(folder / "runs", start=False).enqueue(TrainingConfig(), "synthetic", "one")


def _start(folder: Path) -> None:
    run._execute = lambda *_: None  # type: ignore[assignment]
    run.start_run(TrainingConfig(), OLD, folder / "runs" / "one")


def _before_delete(folder: Path) -> None:
    _enqueue(folder)
    RunFolder(folder / "runs" / "one").create()


def _delete(folder: Path) -> None:
    RunQueue(folder / "runs", start=False).delete("one")


def _keep_history(folder: Path) -> None:
    import pandas as pd

    os.environ["EMOTION_LENS_HOME"] = str(folder)
    keep_history("theirs", pd.DataFrame({"epoch": [1], "loss": [0.5]}), "theirs.csv")


def _before_audit(folder: Path) -> None:
    save_report(audit_dataset(OLD), folder / "audits" / "one")


def _audit(folder: Path) -> None:
    save_report(_new_report, folder / "audits" / "one")


def _nothing(folder: Path) -> None:
    """Nothing stands there before."""


OPERATIONS: dict[str, tuple[Callable[[Path], None], Callable[[Path], None]]] = {
    "add": (_before_add, _add),
    "promote": (_before_promote, _promote),
    "promote in two steps": (_before_promote, _promote_in_two_steps),
    "import": (_before_import, _import),
    "export": (_nothing, _export),
    "enqueue": (_nothing, _enqueue),
    "start": (_nothing, _start),
    "delete": (_before_delete, _delete),
    "keep history": (_nothing, _keep_history),
    "audit": (_before_audit, _audit),
}

_STEPS = frozenset({"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.chmod"})


def _kill_at(step: int, folder: Path) -> None:
    """Has this process killed before its n-th change below a folder."""
    count, inside = 0, str(folder)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count
        if event not in _STEPS:
            return
        # What deletes a tree names what is in it relative to open folders.
        relative = event in ("os.remove", "os.rmdir") and arguments[1] != -1
        if not relative and not str(arguments[0]).startswith(inside):
            return
        if event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR):
            return
        count += 1
        if count == step:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def main(name: str, base: Path) -> None:
    """Kills an operation before its first, second, ... change until it comes to its end."""
    before, operation = OPERATIONS[name]
    for step in range(1, 1000):
        folder = base / f"{step:03}"
        folder.mkdir()
        before(folder)
        child = os.fork()
        if child == 0:
            _kill_at(step, folder)
            operation(folder)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            sys.exit(os.waitstatus_to_exitcode(status))
    sys.exit("It never came to its end.")


if __name__ == "__main__":
    if sys.argv[1] == "audit":
        _new_report = audit_dataset(NEW)
    main(sys.argv[1], Path(sys.argv[2]))
