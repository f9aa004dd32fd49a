"""Photos that wait -> results. Works in short bouts so that the page stays awake between them."""

import logging
import time
from collections.abc import Callable, Collection

from emotion_core.classifiers.runtime import Classifier
from emotion_core.errors import EmotionLensError, ImageError
from emotion_core.faces import FaceDetector
from emotion_core.images import decode_image
from emotion_core.photos.photo_library import AnalysisKey, Photo, PhotoLibrary
from emotion_core.photos.pictures import make_preview
from emotion_core.pipeline import EmotionPipeline
from emotion_core.types import Frame
from emotion_core.wording import duration

_logger = logging.getLogger(__name__)

#: The page is drawn anew at most this often while photos on it get their results.
BOUT_S = 1.0


def work_for_a_while(
    library: PhotoLibrary,
    key: AnalysisKey,
    detector: FaceDetector,
    classifier: Classifier,
    *,
    crop_size_px: int,
    visible: Collection[str] = (),
    on_progress: Callable[[], None] = lambda: None,
) -> None:
    """Analyses waiting photos until the page should be drawn anew or all are done.

    What the user looks at comes first and is shown about every second; for the rest there is
    nothing to draw but the progress. A photo that cannot be analysed becomes a failure and does
    not stop the others.

    Args:
        library: the photos; results and failures are stored in it, one by one.
        key: the settings that detector and classifier were built with.
        detector: the session's own face detector.
        classifier: the shared worker.
        crop_size_px: side of the crops that the classifier takes.
        visible: digests of the photos on the screen.
        on_progress: called after each photo; it may raise to end the bout.
    """
    pipeline = EmotionPipeline(detector, classifier, crop_size_px=crop_size_px)
    waiting = sorted(library.waiting(key), key=lambda photo: photo.digest not in visible)
    begun = time.monotonic()
    n_visible = sum(photo.digest in visible for photo in waiting)
    for number, photo in enumerate(waiting, start=1):
        start = time.monotonic()
        known = library.same_faces(photo, key)
        if known is not None and known.crops.images.shape[1] == pipeline.crop_size_px:
            # Only the model changed: the same crops are judged again, no face is searched.
            library.store(photo, key, pipeline.rescore(known))
        else:
            _analyse(library, photo, key, pipeline)
        library.seconds.append(time.monotonic() - start)
        on_progress()
        late = number < n_visible and time.monotonic() - begun > BOUT_S
        if late or number == n_visible:
            return


def _analyse(
    library: PhotoLibrary, photo: Photo, key: AnalysisKey, pipeline: EmotionPipeline
) -> None:
    try:
        image = decode_image(photo.data, name="the file")
        photo.preview = photo.preview or make_preview(image)
        library.store(photo, key, pipeline.analyze(Frame(image)))
    except ImageError as error:
        library.fail(photo, str(error))
    except EmotionLensError:
        raise  # about the model or the detector, not about this photo
    except Exception:
        _logger.exception("A photo could not be analysed")
        library.fail(photo, "could not be analysed. The reason is in the server's log.")


def time_left(library: PhotoLibrary, n_waiting: int) -> str:
    """How long the waiting photos will take, in words; empty before the first is done."""
    if not library.seconds or not n_waiting:
        return ""
    seconds = sum(library.seconds) / len(library.seconds) * n_waiting
    return f"about {duration(seconds)} left"
