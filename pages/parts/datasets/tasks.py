"""What takes longer than a click, as a process: ``python -m pages.parts.datasets.tasks``.

A process, because reading a data set keeps Python busy, and pages and live video shall not wait for
it. One line of JSON comes in and says what to do; lines of JSON go out: progress, at the end a
result or an error. When the way in is closed, by a click or because the server ended, the work
stops.
"""

import json
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from emotion_core.errors import Cancelled, EmotionLensError
from emotion_core.files.atomic_files import full_disk_in_words

#: Tells how far the work is: what is being done, how much of it, of how much.
Tell = Callable[[str, float, float], None]


def run_import(order: dict[str, Any], tell: Tell, stopped: Callable[[], bool]) -> dict[str, Any]:
    """Imports a data set; see ``import_dataset``.

    Without ``labels`` in the order, what its folders or labels stand for is asked, unless their
    names say it.
    """
    from emotion_core.datasets.importing import import_dataset, look_at

    ferplus = order.get("ferplus")
    detector = order.get("detector")
    source = Path(order["source"])
    if order.get("kaggle"):
        from emotion_core.datasets.download import download_dataset

        tell("Downloading", 0, 0)
        source = download_dataset(order["kaggle"])
    labels = order.get("labels")
    if labels is None:
        tell("Looking at it", 0, 0)
        look = look_at(source, cancelled=stopped)
        if not look.proposal.is_plain:
            return {"question": _question(look), "source": str(source)}
    report = import_dataset(
        source,
        Path(order["output"]),
        labels=labels,
        ferplus=Path(ferplus) if ferplus else None,
        detect=_face_cropper(detector) if detector else None,
        progress=lambda done, total: tell("Reading", done, total),
        cancelled=stopped,
    )
    return report.to_dict()


def _question(look: Any) -> dict[str, Any]:
    """What was found in a source, with examples as pictures for a page."""
    from base64 import b64encode

    from emotion_core.images import encode_png

    proposal = look.proposal
    return {
        "form": look.form,
        "assumed": look.assumed,
        "kind": proposal.kind,
        "why": proposal.question,
        "numberings": {name: dict(table) for name, table in proposal.numberings.items()},
        "rows": [
            {
                "name": row.name,
                "n": row.n,
                "expression": row.expression,
                "reason": row.reason,
                "examples": [
                    f"data:image/png;base64,{b64encode(encode_png(face)).decode('ascii')}"
                    for face in look.examples[row.name]
                ],
            }
            for row in proposal.rows
        ],
    }


def run_export(order: dict[str, Any], tell: Tell, stopped: Callable[[], bool]) -> dict[str, Any]:
    """Exports a data set or some of its rows; see ``export_dataset``."""
    import numpy as np

    from emotion_core.datasets import export_dataset, load_dataset

    tell("Reading", 0, 0)
    dataset = load_dataset(order["source"], corrections=bool(order["corrections"]))
    # After corrections, a row's place is no longer its number.
    wanted = None if order["rows"] is None else np.isin(dataset.rows, order["rows"])
    export_dataset(
        dataset,
        order["form"],
        Path(order["output"]),
        rows=wanted,
        progress=lambda done, total: tell("Writing", done, total),
        cancelled=stopped,
    )
    return {"n": len(dataset) if wanted is None else int(wanted.sum())}


def run_audit(order: dict[str, Any], tell: Tell, stopped: Callable[[], bool]) -> dict[str, Any]:
    """Audits a data set by a model and keeps the report; see ``evaluation.audit``."""
    from emotion_core.evaluation import audit

    report = audit.run_audit(
        order["source"],
        order["model"],
        progress=lambda stage, share: tell(stage, share, 1.0),
        cancelled=stopped,
    )
    return {"n": len(report)}


TASKS: dict[str, Callable[[dict[str, Any], Tell, Callable[[], bool]], dict[str, Any]]] = {
    "import": run_import,
    "export": run_export,
    "audit": run_audit,
}


def main() -> None:
    """Does what the first line of the input says."""
    order = json.loads(sys.stdin.readline())
    stop = threading.Event()
    threading.Thread(target=_wait_for_end, args=(stop,), daemon=True).start()

    def tell(stage: str, done: float, total: float) -> None:
        _say({"stage": stage, "done": done, "total": total})

    try:
        _say({"result": TASKS[order["task"]](order, tell, stop.is_set)})
    except Cancelled as error:
        _say({"stopped": str(error)})
    except EmotionLensError as error:
        _say({"error": str(error)})
    except Exception as error:
        full = full_disk_in_words(error)
        if not full:
            raise
        _say({"error": full})


def _face_cropper(name: str) -> Callable[[Any], Any]:
    """Cuts out the largest face as the classifier sees faces."""
    from emotion_core.faces import build_detector, crop_largest_face

    detector = build_detector(name)
    return lambda image: crop_largest_face(image, detector)


def _wait_for_end(stop: threading.Event) -> None:
    sys.stdin.read()
    stop.set()


def _say(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    main()
