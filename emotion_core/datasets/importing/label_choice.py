"""What a person decided about folders and labels: on the page, by ``--map`` or in a JSON file."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from emotion_core.datasets.importing.label_map import (
    DECIDED,
    LEAVE_OUT,
    LabelProposal,
    clean_label,
    find_expression,
    find_number,
    listed,
)
from emotion_core.datasets.importing.numberings import STORED
from emotion_core.datasets.importing.rows import shown
from emotion_core.emotions import Emotion, parse_emotion
from emotion_core.errors import DatasetError
from emotion_core.files.outside_files import read_json
from emotion_core.schema.validation import validated


def decided(proposal: LabelProposal, chosen: Mapping[str, str]) -> LabelProposal:
    """A proposal with what a person decided in it.

    Args:
        proposal: what was proposed.
        chosen: {folder or label: expression or ``LEAVE_OUT``}.

    Raises:
        DatasetError: a name that is not there, or no expression.
    """
    names = {row.name.casefold(): row.name for row in proposal.rows}
    table: dict[str, str] = {}
    for given, expression in chosen.items():
        name = names.get(clean_label(given).casefold(), names.get(given.casefold()))
        if name is None:
            raise DatasetError(
                f"There is no {proposal.kind} {shown(given)}. Found: "
                f"{listed([row.name for row in proposal.rows])}."
            )
        table[name] = check_expression(expression, f"the {proposal.kind} {shown(given)}")
    rows = tuple(
        replace(row, expression=table[row.name], reason=DECIDED) if row.name in table else row
        for row in proposal.rows
    )
    open_names = [
        row.name
        for row in rows
        if row.name not in table
        and find_number(row.name) is not None
        and find_expression(row.name) is None
    ]
    question = ""
    if proposal.question and open_names:
        question = f"not said for the {proposal.kind}s {', '.join(open_names)}. Say it for each."
    elif not any(row.expression not in ("", LEAVE_OUT) for row in rows):
        question = f"every {proposal.kind} would be left out. Say which of them hold expressions."
    return LabelProposal(proposal.kind, rows, question)


def read_label_map(given: Sequence[str]) -> dict[str, str]:
    """{folder or label: expression} from ``FOLDER=EXPRESSION`` and from names of JSON files.

    Raises:
        DatasetError: it is neither, or the file is not of that form.
    """
    found: dict[str, str] = {}
    for text in given:
        name, equals, expression = text.rpartition("=")
        if equals:
            pairs: Mapping[str, str | None] = {name: expression}
        elif text.lower().endswith(".json"):
            content = read_json(Path(text), DatasetError)
            pairs = validated(dict[str, str | None], content, text, DatasetError)
        else:
            raise DatasetError(
                f"--map: wanted FOLDER=EXPRESSION or a .json file, received {shown(text)}."
            )
        for folder, value in pairs.items():
            place = f"the folder or label {shown(folder)}"
            found[folder] = check_expression(LEAVE_OUT if value is None else value, place)
    return found


def check_expression(text: str, place: str) -> str:
    """An expression's name or ``LEAVE_OUT``.

    Raises:
        DatasetError: it is neither.
    """
    if text.strip().casefold().replace(" ", "-") == LEAVE_OUT:
        return LEAVE_OUT
    try:
        emotion = parse_emotion(text)
    except ValueError:
        emotion = Emotion.CONTEMPT
    if emotion not in STORED.emotions:
        raise DatasetError(
            f"Wanted one of {', '.join(STORED.names)} or {LEAVE_OUT} for {place}. "
            f"Received: {shown(text)}"
        )
    return emotion.value
