"""How a table is seen without reading the video again."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ViewSettings:
    """What can be changed afterwards.

    Attributes:
        threshold: below this probability a face counts as uncertain; None: the analysis's own.
        half_life_s: of the smoothing, 0 for none; None: the analysis's own.
    """

    threshold: float | None = None
    half_life_s: float | None = None


#: As the analysis itself decided.
OWN = ViewSettings()
