"""The exceptions that bad input from outside raises. Pages and the command line show their text."""


class EmotionLensError(Exception):
    """Base of every deliberate error: what was wanted, what came and what to do."""


class ImageError(EmotionLensError):
    """Bytes that cannot be read as a picture, or a picture outside the limits."""


class VideoError(EmotionLensError):
    """A file that cannot be read as a video, or a wish that a video cannot fulfil."""


class DetectorError(EmotionLensError):
    """A face detector that is unknown, not installed or cannot be loaded."""


class ModelError(EmotionLensError):
    """A model folder that is missing, incomplete, altered or of an unknown form."""


class DatasetError(EmotionLensError):
    """A data set that is missing, unreadable or not in a known form."""


class TrainingError(EmotionLensError):
    """Training settings that cannot be used, or a run that cannot be started or resumed."""


class ReportError(EmotionLensError):
    """Sessions, intervals or codings that no statistics or report can be made of."""


class StoreError(EmotionLensError):
    """Stored sessions that cannot be opened, read or changed."""


class StoreUnavailableError(StoreError):
    """A database server that does not answer now, and may later."""


class OutputError(EmotionLensError):
    """A file that cannot be written."""


class DiskFullError(OutputError):
    """A disk, or a person's share of it, that has no room for what is written.

    Args:
        text: the sentence.
        need_bytes: how much is wanted, where it is known.
    """

    def __init__(self, text: str, need_bytes: int | None = None) -> None:
        super().__init__(text)
        self.need_bytes = need_bytes


class JobError(EmotionLensError):
    """A job that cannot be found, started, moved or read."""


class BatchError(EmotionLensError):
    """A batch that cannot be begun, resumed or finished."""


class ApiError(EmotionLensError):
    """Settings by which the HTTP interface cannot be served."""


class MissingExtraError(EmotionLensError):
    """A package that belongs to an extra of ``pip install`` and is not installed."""


class ConnectionSettingsError(EmotionLensError):
    """Settings of STUN, TURN or the network that cannot be used."""


class Cancelled(EmotionLensError):  # noqa: N818 (nothing went wrong)
    """Work that its user stopped before it was done."""
