"""A worker without a model, whose inputs say what happens."""

import os
import signal
import time
from pathlib import Path
from typing import Any

from emotion_core.batch import local_worker
from emotion_core.batch.items import Item, Outcome
from emotion_core.errors import ModelError

IDENTITY = {"model": "fake"}


class FakeReader:
    """Reads by names: ``poison`` dies, ``once`` dies the first time, ``bad`` fails."""

    def __init__(self, options: Any) -> None:
        self._worn = False
        self._problem = ""
        if options["model"] == "refused" and isinstance(self, FakeActor):
            self._problem = "no such model"
        elif options["model"] == "refused":
            raise ModelError("no such model")
        if options["model"] == "dies":
            os._exit(3)

    def identity(self) -> dict[str, str]:
        return {"problem": self._problem} if self._problem else IDENTITY

    def is_worn_out(self) -> bool:
        return self._worn

    def read(self, position: int, item: Item, scratch: Path | None = None) -> Outcome:
        print("a line that is no answer", flush=True)
        place = Path(item.path)
        if place.name.startswith("poison"):
            os.kill(os.getpid(), signal.SIGKILL)
        if place.name.startswith("once") and not place.exists():
            place.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if place.name.startswith("slow"):
            time.sleep(600)
        self._worn |= place.name.startswith("worn")
        if place.name.startswith("bad"):
            return Outcome(position, error="bad input")
        return Outcome(position, [item.source, os.getpid()])


class FakeActor(FakeReader):
    """The same as an actor of Ray."""

    def read(self, items: list[tuple[int, Item]]) -> tuple[list[Outcome], bool]:  # type: ignore[override]
        read = super().read
        return [read(position, item) for position, item in items], self.is_worn_out()


if __name__ == "__main__":
    local_worker.main(FakeReader)
