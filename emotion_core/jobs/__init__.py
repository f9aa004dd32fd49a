"""The one way to run long work: a queue of jobs, each in a process that outlives the app.

A job is a folder (``store``): what shall be done, how far it is, its log and its result. A
supervisor (``supervisor``) starts queued jobs, each in a process of its own (``worker``), and says
why one ended. Whoever wants work done or looks at it asks the ``JobBoard``; the work itself is a
function that gets a ``JobContext``, named in ``kinds``. Nothing has to be running beforehand, and
there is no database: the folders are the truth, so a killed process loses nothing that it had
finished.

Why it is our own: CONTRIBUTING.md, "Jobs".
"""

from emotion_core.jobs.board import JobBoard
from emotion_core.jobs.context import JobContext
from emotion_core.jobs.job import JobInfo, JobState, Progress, progress_words

__all__ = ["JobBoard", "JobContext", "JobInfo", "JobState", "Progress", "progress_words"]
