"""Opens model files in a process of their own, within limits of memory and time.

HDF5 and LiteRT are written in C: a damaged file can crash, hang or fill the memory of whoever
opens it. What went well here first is opened where it is needed afterwards.
"""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from emotion_core.errors import ModelError
from emotion_core.paths import ROOT

_TIMEOUT_S = 180
_MEMORY_BYTES = 6 << 30
_JOBS = {
    "look through": "emotion_core.classifiers.third_party.hdf5_trial",
    "try": "emotion_core.classifiers.third_party.litert_trial",
    "import": "emotion_core.classifiers.third_party.litert_trial",
}


def ask(job: str, order: Mapping[str, Any]) -> dict[str, Any]:
    """Has a job done by another process.

    Args:
        job: a key of the ``JOBS`` of the module that does it.
        order: what it needs, as JSON.

    Returns:
        Its answer.

    Raises:
        ModelError: the job says what is wrong with the file, or it crashed or took too long.
    """
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    environment["OPENBLAS_NUM_THREADS"] = "1"
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "emotion_core.classifiers.third_party.own_process"],
            input=json.dumps({"job": job, **order}),
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=_TIMEOUT_S,
            env=environment,
        )
    except subprocess.TimeoutExpired as error:
        raise ModelError(f"a trial took more than {_TIMEOUT_S} s and was stopped.") from error
    except OSError as error:
        raise ModelError(f"no process for a trial could be started: {error.strerror}.") from error
    try:
        answer = json.loads(ended.stdout.splitlines()[-1])
    except (ValueError, IndexError) as error:
        raise ModelError("the file is damaged: whatever opens it crashes.") from error
    if "error" in answer:
        raise ModelError(str(answer["error"]))
    return dict(answer)


def main() -> None:
    """Does what is ordered on stdin and answers on stdout."""
    _limit_memory()
    order = json.loads(sys.stdin.read())
    try:
        answer = importlib.import_module(_JOBS[order["job"]]).JOBS[order["job"]](order)
    except ModelError as error:
        answer = {"error": str(error)}
    except MemoryError:
        answer = {"error": f"it needs more than {_MEMORY_BYTES >> 30} GB of memory."}
    except Exception as error:  # the file's doing: told to the process that asked
        answer = {"error": f"it fails in a trial: {type(error).__name__}: {error!s:.200}"}
    print(f"\n{json.dumps(answer)}", flush=True)


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    for kind, limit in ((resource.RLIMIT_AS, _MEMORY_BYTES), (resource.RLIMIT_CORE, 0)):
        try:
            resource.setrlimit(kind, (limit, resource.getrlimit(kind)[1]))
        except (ValueError, OSError):
            continue


if __name__ == "__main__":
    main()
