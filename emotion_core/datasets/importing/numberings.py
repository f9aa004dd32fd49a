"""In which orders data sets number the expressions, and which of them a set of numbers can be."""

from collections.abc import Mapping
from dataclasses import dataclass

from emotion_core.emotions import FER2013, Emotion, LabelSet

# FER-2013's seven in RAF-DB's order, and so on: (angry, disgust, fear, ...) by name.
_A, _D, _F, _H = Emotion.ANGRY, Emotion.DISGUST, Emotion.FEAR, Emotion.HAPPY
_S, _U, _N, _C = Emotion.SAD, Emotion.SURPRISE, Emotion.NEUTRAL, Emotion.CONTEMPT


@dataclass(frozen=True, slots=True)
class Numbering:
    """The numbers of one data set.

    Attributes:
        name: of the data set.
        first: the lowest number.
        emotions: what the numbers from ``first`` on stand for.
        counts: pictures per number in the splits that are published: training, test, all.
    """

    name: str
    first: int
    emotions: tuple[Emotion, ...]
    counts: tuple[tuple[int, ...], ...] = ()

    @property
    def table(self) -> dict[int, Emotion]:
        """{number: expression}."""
        return dict(enumerate(self.emotions, self.first))

    def fits(self, numbers: Mapping[int, int]) -> bool:
        """Whether every number has a meaning in it."""
        return numbers.keys() <= self.table.keys()

    def has_counts(self, numbers: Mapping[int, int]) -> bool:
        """Whether the pictures per number are those that were published."""
        return tuple(numbers.get(number, 0) for number in self.table) in self.counts


#: Source: arXiv 1307.0414; counts as ``splits.FER2013_COUNTS``, of Training, test and all.
FER2013_NUMBERS = Numbering(
    "FER-2013",
    0,
    tuple(FER2013),
    (
        (3995, 436, 4097, 7215, 4830, 3171, 4965),
        (958, 111, 1024, 1774, 1247, 831, 1233),
        (4953, 547, 5121, 8989, 6077, 4002, 6198),
    ),
)
#: Source: Li, Deng & Du, CVPR 2017 (http://www.whdeng.cn/RAF/model1.html): the readme of RAF-DB,
#: "1: Surprise 2: Fear 3: Disgust 4: Happiness 5: Sadness 6: Anger 7: Neutral", and the counts of
#: its basic emotions, 12,271 for training and 3,068 for the test.
RAF_DB_NUMBERS = Numbering(
    "RAF-DB",
    1,
    (_U, _F, _D, _H, _S, _A, _N),
    (
        (1290, 281, 717, 4772, 1982, 705, 2524),
        (329, 74, 160, 1185, 478, 162, 680),
        (1619, 355, 877, 5957, 2460, 867, 3204),
    ),
)
#: Source: Mollahosseini et al., arXiv 1708.03985, the data set's readme.
AFFECTNET_NUMBERS = Numbering("AffectNet", 0, (_N, _H, _S, _U, _F, _D, _A, _C))
#: Source: the order of the columns of ``fer2013new.csv``, arXiv 1608.01041.
FERPLUS_NUMBERS = Numbering("FER+", 0, (_N, _H, _U, _S, _A, _D, _F, _C))
#: FER-2013's numbers and an eighth. Source: https://www.kaggle.com/datasets/davilsena/ckdataset
CK_CSV_NUMBERS = Numbering("ckextended.csv", 0, (*FER2013, _C))

#: The likelier ones first.
NUMBERINGS = (
    FER2013_NUMBERS,
    RAF_DB_NUMBERS,
    AFFECTNET_NUMBERS,
    FERPLUS_NUMBERS,
    CK_CSV_NUMBERS,
)

#: What can be stored.
STORED: LabelSet = FER2013

#: One or two stray rows with a label of their own are slips; more are a class.
FEWEST_OF_A_CLASS = 3


def choose_numbering(counts: Mapping[int, int], kind: str) -> tuple[Numbering | None, str]:
    """The numbering of some numbers, if any, and what is to be asked where it is not certain.

    Args:
        counts: {number: pictures}.
        kind: ``folder``, or ``label`` for those of a table.
    """
    for known in NUMBERINGS:
        if known.has_counts(counts):
            return known, ""
    present = {number: n for number, n in counts.items() if n}
    if kind == "label":
        # In a table with FER-2013's columns its numbers are certain, unless what is there or
        # missing speaks for others. A number outside of it is a bad row.
        eighth = present.get(7, 0) >= FEWEST_OF_A_CLASS
        from_one = 0 not in present and {1, 2, 3, 4, 5, 6} <= present.keys()
        from_one |= 0 not in present and eighth
        if not eighth and not from_one:
            return FER2013_NUMBERS, ""
        likeliest = RAF_DB_NUMBERS if from_one else CK_CSV_NUMBERS
    elif 0 not in present and 7 in present:
        likeliest = RAF_DB_NUMBERS
    elif 7 in present:
        likeliest = AFFECTNET_NUMBERS
    else:
        likeliest = FER2013_NUMBERS
    if kind == "folder" and not likeliest.fits(present):
        return None, ""
    names = " or ".join(known.name for known in fitting_numberings(present, likeliest, kind))
    return likeliest, (
        f"the {kind}s are numbers, and data sets number the expressions in different orders "
        f"(here perhaps as {names}). Say what each stands for."
    )


def fitting_numberings(
    counts: Mapping[int, int], likeliest: Numbering | None, kind: str
) -> list[Numbering]:
    """The numberings that give every number a meaning, the likeliest first.

    Args:
        counts: {number: pictures}.
        likeliest: as ``choose_numbering`` gives it.
        kind: ``folder``, or ``label`` for those of a table.
    """
    if likeliest is None:
        return []
    others = [known for known in NUMBERINGS if known.fits(counts) and known is not likeliest]
    # Without an eighth number it is FER-2013's, and folders are never numbered like this.
    if FER2013_NUMBERS.fits(counts) or kind == "folder":
        others = [known for known in others if known is not CK_CSV_NUMBERS]
    return [likeliest, *others]
