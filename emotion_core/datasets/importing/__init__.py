"""From the forms in which people have data sets to the stored one."""

from emotion_core.datasets.importing.importer import (
    ImportReport,
    SourceLook,
    import_dataset,
    look_at,
)
from emotion_core.datasets.importing.label_map import (
    LEAVE_OUT,
    LabelProposal,
    ProposedLabel,
    UnclearLabelsError,
)
from emotion_core.datasets.importing.rows import RejectedRow

__all__ = [
    "LEAVE_OUT",
    "ImportReport",
    "LabelProposal",
    "ProposedLabel",
    "RejectedRow",
    "SourceLook",
    "UnclearLabelsError",
    "import_dataset",
    "look_at",
]
