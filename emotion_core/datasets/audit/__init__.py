"""What is wrong with a data set: duplicates, leaks, bad pictures and likely label errors."""

from emotion_core.datasets.audit.audit import audit_dataset
from emotion_core.datasets.audit.progress import Progress
from emotion_core.datasets.audit.report import AuditReport

__all__ = ["AuditReport", "Progress", "audit_dataset"]
