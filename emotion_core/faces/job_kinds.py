"""Long work on face detectors as a job: getting the weights of the default one."""

from collections.abc import Mapping
from typing import Any

from emotion_core.faces.yunet_fetch import fetch_yunet
from emotion_core.jobs import JobContext


def run_fetch(context: JobContext, _arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Gets the weights of the default detector; see ``fetch_yunet``.

    Args:
        context: of the job.

    Returns:
        ``file``: where the network is kept.
    """
    return {"file": str(fetch_yunet(tell=context.tell, cancelled=context.cancelled))}
