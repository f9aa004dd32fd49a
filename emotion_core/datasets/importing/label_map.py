"""Which expression each folder or label stands for: proposed here, decided by people."""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from emotion_core.datasets.importing.numberings import (
    FER2013_NUMBERS,
    FEWEST_OF_A_CLASS,
    STORED,
    Numbering,
    choose_numbering,
    fitting_numberings,
)
from emotion_core.datasets.importing.rows import shown
from emotion_core.emotions import Emotion, parse_emotion
from emotion_core.errors import DatasetError

#: What stands in place of an expression for pictures that are not wanted.
LEAVE_OUT = "leave-out"
#: Different folders or labels that a person is asked about; what has more is no data set.
MAX_LABELS = 60

# Words that may stand beside an expression's name or number: "01_angry", "Fear (3)", "class 4".
_HARMLESS = re.compile(
    "(class|label|emotion|expression|face|image|img|picture|photo)(e?s)?", re.IGNORECASE
)
_WORDS = re.compile(r"[^\W\d_]+")
_NUMBERS = re.compile(r"\d+")
_WHOLE_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
#: The reason for what a person said.
DECIDED = "as you said"
_BY_NAME, _BY_WORD_IN_IT, _UNKNOWN = (
    "by name",
    "by the word in the name",
    "no known expression",
)


def _numbers_of(numbering: Numbering) -> str:
    return f"by {numbering.name}'s numbers"


_PLAIN = (_BY_NAME, _numbers_of(FER2013_NUMBERS))
# Behind the name of the expression that it is.
_NOT_STORED = "none of FER-2013's seven expressions"


@dataclass(frozen=True, slots=True)
class FoundLabel:
    """A folder or a label as it stands in a source.

    Attributes:
        name: of the folder, or the label's text.
        n: its pictures.
    """

    name: str
    n: int


@dataclass(frozen=True, slots=True)
class ProposedLabel:
    """What a folder or label is taken for.

    Attributes:
        name: of the folder, or the label's text.
        n: its pictures.
        expression: an emotion's name, ``LEAVE_OUT``, or empty where nothing is known.
        reason: why.
    """

    name: str
    n: int
    expression: str
    reason: str


@dataclass(frozen=True, slots=True)
class LabelProposal:
    """The table "folder -> expression" that an import proposes.

    Attributes:
        kind: ``folder`` or ``label``.
        rows: one per folder or label, in order of their names.
        question: why a person must decide; empty where the meaning is certain.
        numberings: {data set: {name: expression}} in which the numbers have a meaning.
    """

    kind: str
    rows: tuple[ProposedLabel, ...]
    question: str = ""
    numberings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def table(self) -> dict[str, Emotion | None]:
        """{name: expression, or None for what is left out}, without what is not known."""
        return {
            row.name: None if row.expression == LEAVE_OUT else Emotion(row.expression)
            for row in self.rows
            if row.expression
        }

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing to look at: every name is an expression's own, or FER-2013's."""
        odd = [row for row in self.rows if row.reason not in _PLAIN]
        if self.question or any(row.expression for row in odd):
            return False
        return self.kind == "label" and not any(
            row.n >= FEWEST_OF_A_CLASS and find_number(row.name) is None for row in odd
        )

    def notes(self) -> list[str]:
        """What was decided, as sentences; nothing about names that say it themselves."""
        plain = (*(_PLAIN if self.kind == "label" else (_BY_NAME,)), DECIDED)
        told = [
            row
            for row in self.rows
            if row.expression not in ("", LEAVE_OUT) and row.reason not in plain
        ]
        by_reason: dict[str, list[str]] = {}
        for row in told:
            by_reason.setdefault(row.reason, []).append(f"{row.name} = {row.expression}")
        kinds = "Folders" if self.kind == "folder" else "Labels"
        return [f"{kinds} {', '.join(names)}, {reason}." for reason, names in by_reason.items()]


class UnclearLabelsError(DatasetError):
    """A person must say which expressions the folders or labels of a source stand for.

    Attributes:
        proposal: what is known.
    """

    def __init__(self, source: str, proposal: LabelProposal) -> None:
        super().__init__(f"{source}: {proposal.question}")
        self.proposal = proposal

    def options(self) -> dict[str, str]:
        """{what they mean: command line options to paste}, the likeliest first."""
        tables = self.proposal.numberings or {
            "": {row.name: row.expression or LEAVE_OUT for row in self.proposal.rows}
        }
        return {
            name: " ".join(
                f"--map {shlex.quote(f'{row.name}={table.get(row.name) or LEAVE_OUT}')}"
                for row in self.proposal.rows
            )
            for name, table in tables.items()
        }


def clean_label(text: str) -> str:
    """A label as it is compared: ``0``, ``0.0``, ``" 0 "`` and ``0e+00`` are one."""
    text = text.strip().strip("\"'").strip()
    if _WHOLE_NUMBER.fullmatch(text) and len(text) < 40:
        value = float(text)
        if value.is_integer() and abs(value) < 1e9:
            return str(int(value))
    return text


def find_expression(name: str) -> Emotion | None:
    """The expression in a name such as ``Fearful``, ``01_angry`` or ``Fear (3)``."""
    words = [word for word in _WORDS.findall(name) if not _HARMLESS.fullmatch(word)]
    try:
        return parse_emotion(words[0] if len(words) == 1 else name)
    except (ValueError, IndexError):
        return None


def find_number(name: str) -> int | None:
    """The number in a name such as ``3``, ``03`` or ``class 3``."""
    numbers = _NUMBERS.findall(name)
    words = [word for word in _WORDS.findall(name) if not _HARMLESS.fullmatch(word)]
    if len(numbers) != 1 or words or len(numbers[0]) > 2 or name.lstrip()[:1] == "-":
        return None
    return int(numbers[0])


def propose(found: Sequence[FoundLabel], kind: str, nothing_known: str = "") -> LabelProposal:
    """What folders or labels stand for, as far as their names, numbers and counts tell.

    Args:
        found: every folder or label once.
        kind: ``folder``, or ``label`` for those of a table, where 0 to 6 are FER-2013's.
        nothing_known: what to say where none of them is known.
    """
    found = sorted(found, key=_by_number)
    by_name = {label.name: find_expression(label.name) for label in found}
    numbers = {label.name: find_number(label.name) for label in found}
    has_names = any(emotion in STORED.emotions for emotion in by_name.values())
    counts: dict[int, int] = {}
    for label in found:
        number = numbers[label.name]
        if number is not None and not by_name[label.name]:
            counts[number] = counts.get(number, 0) + label.n
    numbering, question = (None, "")
    if counts and (kind == "label" or not has_names):
        numbering, question = choose_numbering(counts, kind)
    rows = []
    for label in found:
        emotion, reason = by_name[label.name], _BY_NAME
        number = numbers[label.name]
        if emotion is not None and not _is_exact(label.name):
            reason = _BY_WORD_IN_IT
        elif emotion is None and numbering is not None and number is not None:
            emotion, reason = numbering.table.get(number), _numbers_of(numbering)
        if emotion is None:
            rows.append(ProposedLabel(label.name, label.n, "", _UNKNOWN))
        elif emotion not in STORED.emotions:
            rows.append(
                ProposedLabel(label.name, label.n, LEAVE_OUT, f"{emotion.value} is {_NOT_STORED}")
            )
        else:
            rows.append(ProposedLabel(label.name, label.n, emotion.value, reason))
    if not question and rows and not any(row.expression not in ("", LEAVE_OUT) for row in rows):
        question = nothing_known or (
            f"no {kind} has the name of an expression ({', '.join(STORED.names)}). "
            f"Found: {listed([label.name for label in found])}. Say what each stands for."
        )
    tables = {
        known.name: {
            label.name: _stored(known.table[number])
            for label in found
            if (number := numbers[label.name]) in known.table and number is not None
        }
        for known in fitting_numberings(counts, numbering, kind)
    }
    return LabelProposal(kind, tuple(rows), question, tables if question else {})


def _stored(emotion: Emotion) -> str:
    return emotion.value if emotion in STORED.emotions else LEAVE_OUT


def _is_exact(name: str) -> bool:
    try:
        parse_emotion(name)
    except ValueError:
        return False
    return True


def _by_number(label: FoundLabel) -> tuple[int, str]:
    number = find_number(label.name)
    return (-1 if number is None else number, label.name)


def listed(names: Sequence[str]) -> str:
    """Some of the names, as they may stand in a message."""
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ", ".join(shown(name, 30) for name in names[:8]) + more
