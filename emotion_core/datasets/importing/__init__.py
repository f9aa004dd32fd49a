"""From the forms in which people have data sets to the stored one."""

from emotion_core.datasets.importing.importer import ImportReport, import_dataset
from emotion_core.datasets.importing.rows import RejectedRow

__all__ = ["ImportReport", "RejectedRow", "import_dataset"]
