"""Kinds of work for tests, known to this process and to the real ones that jobs run in."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from emotion_core.jobs import JobBoard
from emotion_core.jobs import kinds as kinds_module
from emotion_core.jobs.kinds import Kind
from emotion_core.jobs.processes import terminate

FUNCTIONS = '''
import os, time
from pathlib import Path
from emotion_core.errors import DatasetError


def count(context, arguments):
    """Counts slowly; may be stopped; goes on where it was."""
    place = Path(arguments["place"])
    begin = int(place.read_text()) if place.exists() else 0
    for i in range(begin, arguments["n"]):
        context.check()
        context.tell("Counting", i, arguments["n"], unit="sheep", preview={"text": f"sheep {i}"})
        time.sleep(arguments.get("s", 0.02))
        place.write_text(str(i + 1))
    return {"n": arguments["n"]}


def stubborn(context, arguments):
    Path(arguments["place"]).write_text("began")
    time.sleep(600)


def bad_input(context, arguments):
    raise DatasetError("wanted a data set. Received: nothing.")


def defect(context, arguments):
    print("a line of the log")
    raise KeyError("oh")


def dies(context, arguments):
    os.kill(os.getpid(), 9)


def died(arguments, reason):
    Path(arguments["place"]).write_text(reason)


def read(context, arguments):
    return {"text": context.path(arguments["file"]).read_text(encoding="utf-8")}


def ask(context, arguments):
    if "answer" not in arguments:
        return {"question": "how many?"}
    return {"text": context.path(arguments["file"]).read_text() * arguments["answer"]}
'''
_KINDS = {
    "count": {"resumes": True, "kept": "What was counted is kept."},
    "stubborn": {},
    "bad_input": {},
    "defect": {},
    "dies": {"died": "functions_for_tests:died"},
    "read": {},
    "ask": {},
    "alone": {"function": "functions_for_tests:count", "lane": "training", "resumes": True},
}
_SITE = """
import sys
sys.dont_write_bytecode = True
import emotion_core.jobs.kinds as kinds
kinds.KINDS = {{**kinds.KINDS, **{{
    name: kinds.Kind(**given) for name, given in {given!r}.items()
}}}}
import emotion_core.jobs.store as store
store.KINDS = kinds.KINDS
"""


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JobBoard]:
    """An empty board whose processes are real; they are ended with the test."""
    given = {
        name: {"title": name, "function": f"functions_for_tests:{name}", **more}
        for name, more in _KINDS.items()
    }
    place = tmp_path / "code"
    place.mkdir()
    (place / "functions_for_tests.py").write_text(FUNCTIONS, encoding="utf-8")
    (place / "sitecustomize.py").write_text(_SITE.format(given=given), encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(place) + os.pathsep + os.environ.get("PYTHONPATH", ""))
    monkeypatch.syspath_prepend(str(place))
    known = {**kinds_module.KINDS, **{name: Kind(**kind) for name, kind in given.items()}}
    monkeypatch.setattr(kinds_module, "KINDS", known)
    monkeypatch.setattr("emotion_core.jobs.store.KINDS", known)
    found = JobBoard(tmp_path / "jobs")
    yield found
    for job in found.active():
        found.stop(job.id)
        terminate(job.pid or 0)
    sys.modules.pop("functions_for_tests", None)
