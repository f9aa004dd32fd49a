"""Minimum detection confidence: what each detector's numbers are good for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConfidenceRange:
    """The useful range of a detector's minimum confidence.

    Below ``lowest`` it finds hardly a face more and takes other things for faces; above
    ``highest`` it loses clear faces. Certainties of two detectors mean different things, so each
    detector states its own.

    Attributes:
        lowest: start of the range, 0-1.
        usual: the default.
        highest: end of the range, 0-1.
    """

    lowest: float
    usual: float
    highest: float

    def __post_init__(self) -> None:
        if not 0 <= self.lowest <= self.usual <= self.highest <= 1:
            raise ValueError(f"Wanted 0 <= lowest <= usual <= highest <= 1. Received: {self}")

    def __contains__(self, value: float) -> bool:
        return self.lowest <= value <= self.highest

    def nearest(self, value: float) -> float:
        """The value itself, or the end of the range that is nearest."""
        return min(self.highest, max(self.lowest, value))
