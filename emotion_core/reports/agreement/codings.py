"""A coding by people: intervals of words, and what these words are taken for."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from emotion_core.emotions import Emotion, parse_emotion
from emotion_core.errors import ReportError


@dataclass(frozen=True, slots=True)
class Code:
    """One coded interval.

    Attributes:
        start_s: seconds from the start of the session.
        end_s: until when.
        expression: what the coder called it.
        person: whose face; empty where the file does not say.
        coder: who coded; empty where the file does not say.
    """

    start_s: float
    end_s: float
    expression: Emotion
    person: str = ""
    coder: str = ""


@dataclass(frozen=True, slots=True)
class Coding:
    """What people coded in one session.

    Attributes:
        codes: in the order of time.
        unknown: {word that names no expression: how often}; such codes are left out.
    """

    codes: tuple[Code, ...]
    unknown: dict[str, int] = field(default_factory=dict)

    @property
    def coders(self) -> tuple[str, ...]:
        """Who coded, in order."""
        return tuple(sorted({code.coder for code in self.codes}))


@dataclass(frozen=True, slots=True)
class CodedWord:
    """One interval with the word that a coder wrote; times, person and coder as in ``Code``."""

    start_s: float
    end_s: float
    word: str
    person: str = ""
    coder: str = ""


@dataclass(frozen=True, slots=True)
class CodedWords:
    """A coding as it stands in its file, before its words are taken for expressions.

    Attributes:
        source: name of the file.
        codes: in the order of the file.
    """

    source: str
    codes: tuple[CodedWord, ...]

    @property
    def words(self) -> dict[str, int]:
        """{word: how often}, the most frequent first."""
        return dict(Counter(code.word for code in self.codes).most_common())

    @property
    def people(self) -> tuple[str, ...]:
        """Whose faces were coded, in the order of the file; empty names for nobody named."""
        return tuple(dict.fromkeys(code.person for code in self.codes))

    def coding(
        self,
        words: "Mapping[str, Emotion | None] | None" = None,
        people: Mapping[str, str] | None = None,
    ) -> Coding:
        """Takes words for expressions.

        Args:
            words: {word: expression, or None to leave it out}; other words are read as everywhere.
            people: {person of the file: person of the session}; an empty name leaves their codes
                out.

        Raises:
            ReportError: no expression is left.
        """
        unknown: dict[str, int] = {}
        codes = []
        for code in self.codes:
            expression = (
                meaning(code.word) if words is None or code.word not in words else words[code.word]
            )
            person = code.person if people is None else people.get(code.person, code.person)
            if expression is None:
                unknown[code.word] = unknown.get(code.word, 0) + 1
            elif person or not code.person:
                codes.append(Code(code.start_s, code.end_s, expression, person, code.coder))
        if not codes:
            listed = ", ".join(list(unknown)[:10])
            raise ReportError(
                f"{self.source}: wanted coded intervals of {', '.join(e.value for e in Emotion)}. "
                f"Received: {f'only {listed}' if listed else 'none'}"
            )
        return Coding(tuple(sorted(codes, key=lambda c: (c.start_s, c.end_s))), unknown)


def meaning(word: str) -> Emotion | None:
    """The expression that a word names in any known spelling; None for none."""
    try:
        return parse_emotion(word)
    except ValueError:
        return None
