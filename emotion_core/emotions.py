"""Emotions, their order and their colours. No other module knows the order."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Emotion(StrEnum):
    """The seven expressions of FER-2013, and FER+'s eighth.

    The values are the spellings used in every file and on every page.
    """

    ANGRY = "angry"
    DISGUST = "disgust"
    FEAR = "fear"
    HAPPY = "happy"
    SAD = "sad"
    SURPRISE = "surprise"
    NEUTRAL = "neutral"
    CONTEMPT = "contempt"

    @property
    def colour(self) -> str:
        """Hex colour, e.g. ``"#D55E00"``."""
        return _COLOURS[self]

    @property
    def bgr(self) -> tuple[int, int, int]:
        """The same colour as blue, green, red in 0-255."""
        value = self.colour.lstrip("#")
        red, green, blue = (int(value[i : i + 2], 16) for i in (0, 2, 4))
        return blue, green, red


# Source: Okabe & Ito, "Color Universal Design" (https://jfly.uni-koeln.de/color/), a palette
# that people with the common colour deficiencies can tell apart; neutral is its grey.
_COLOURS = {
    Emotion.ANGRY: "#D55E00",
    Emotion.DISGUST: "#009E73",
    Emotion.FEAR: "#CC79A7",
    Emotion.HAPPY: "#E69F00",
    Emotion.SAD: "#0072B2",
    Emotion.SURPRISE: "#56B4E9",
    Emotion.NEUTRAL: "#7F7F7F",
    Emotion.CONTEMPT: "#B8A800",
}

# Spellings of the same classes in other projects' files and folders, then German and French.
# Without accents, as ``_folded`` leaves them.
_SPELLINGS = {
    Emotion.ANGRY: "anger wut wutend arger argerlich colere fache enerve",
    Emotion.DISGUST: "disgusted ekel angeekelt degout degoute",
    Emotion.FEAR: "fearful afraid scared angst angstlich peur effraye",
    Emotion.HAPPY: "happiness joy freude frohlich glucklich joie heureux",
    Emotion.SAD: "sadness trauer traurig traurigkeit tristesse triste",
    Emotion.SURPRISE: "surprised uberraschung uberrascht surpris",
    Emotion.NEUTRAL: "neutre",
    Emotion.CONTEMPT: "contemptuous verachtung mepris",
}
_SYNONYMS = {
    **{emotion.value: emotion for emotion in Emotion},
    **{word: emotion for emotion, words in _SPELLINGS.items() for word in words.split()},
}


def _folded(text: str) -> str:
    """Lower case without accents, which names packed on macOS have as marks of their own."""
    marks = unicodedata.normalize("NFKD", text.strip().casefold())
    plain = "".join(c for c in marks if not unicodedata.combining(c))
    # "ueberrascht", "aergerlich" where there were no umlauts to type.
    return plain if plain in _SYNONYMS else re.sub("([aou])e", r"\1", plain)


def parse_emotion(text: str) -> Emotion:
    """Reads an emotion's name in any known spelling ("Fearful", "happiness", "Überraschung", ...).

    Raises:
        ValueError: the name is unknown.
    """
    try:
        return _SYNONYMS[_folded(text)]
    except KeyError:
        wanted = ", ".join(e.value for e in Emotion)
        raise ValueError(f"Unknown emotion. Wanted one of: {wanted}. Received: {text!r}") from None


@dataclass(frozen=True, slots=True)
class LabelSet:
    """The emotions of a classifier, in the order of its outputs."""

    emotions: tuple[Emotion, ...]

    def __post_init__(self) -> None:
        if not self.emotions:
            raise ValueError("A label set needs at least one emotion. Received none.")
        if len(set(self.emotions)) != len(self.emotions):
            raise ValueError(f"A label set names each emotion once. Received: {self.names}")

    @classmethod
    def from_names(cls, names: Sequence[str]) -> "LabelSet":
        """Builds a label set from names in any known spelling.

        Raises:
            ValueError: a name is unknown or stands twice.
        """
        return cls(tuple(parse_emotion(name) for name in names))

    @property
    def names(self) -> tuple[str, ...]:
        """The names in the order of the outputs."""
        return tuple(e.value for e in self.emotions)

    def index(self, emotion: Emotion | str) -> int:
        """The label (output index) of an emotion."""
        return self.emotions.index(Emotion(emotion))

    def __len__(self) -> int:
        return len(self.emotions)

    def __iter__(self) -> Iterator[Emotion]:
        return iter(self.emotions)

    def __getitem__(self, label: int) -> Emotion:
        return self.emotions[label]


#: Source: FER-2013 (Goodfellow et al., arXiv 1307.0414): labels 0-6 in this order.
FER2013 = LabelSet(
    (
        Emotion.ANGRY,
        Emotion.DISGUST,
        Emotion.FEAR,
        Emotion.HAPPY,
        Emotion.SAD,
        Emotion.SURPRISE,
        Emotion.NEUTRAL,
    )
)
