"""Values from outside against a schema: all faults at once, in words."""

from dataclasses import dataclass

import pydantic
import pytest

from emotion_core.errors import TrainingError
from emotion_core.schema.validation import validated


class Settings(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(strict=True, extra="forbid")
    epochs: int
    rate: float = 0.1


@dataclass(frozen=True)
class Point:
    x: int


def test_what_fits_comes_back_as_its_type() -> None:
    assert validated(Settings, {"epochs": 3}, "a.json", TrainingError).epochs == 3
    assert validated(Point, {"x": 1}, "a.json", TrainingError) == Point(1)


def test_all_faults_stand_in_one_sentence() -> None:
    value = {"epochs": "three", "rate": [1], "colour": "x" * 500}
    with pytest.raises(TrainingError) as caught:
        validated(Settings, value, "a.json", TrainingError)
    text = str(caught.value)
    assert text.startswith("a.json: epochs: wanted a valid integer. Received: 'three'; rate: ")
    assert "colour" in text
    assert len(text) < 400


def test_what_is_no_mapping_is_said() -> None:
    for value in (None, [1], "text", 5):
        with pytest.raises(TrainingError, match=r"a\.json: wanted"):
            validated(Settings, value, "a.json", TrainingError)
