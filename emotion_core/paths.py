"""Every folder and every environment variable of Emotion Lens."""

import os
from pathlib import Path

#: Where runs, imported data and histories go.
HOME_ENV = "EMOTION_LENS_HOME"
#: Another folder of models, instead of all others.
MODELS_ENV = "EMOTION_LENS_MODELS"
#: The data set (Parquet) that commands use unless they are given one.
DATASET_ENV = "EMOTION_LENS_DATASET"
#: Path of a YuNet detector file (ONNX).
YUNET_ENV = "EMOTION_LENS_YUNET"
#: Comma-separated STUN and TURN servers, e.g. ``turn:turn.example.org:3478``.
TURN_URLS_ENV = "EMOTION_LENS_TURN_URLS"
TURN_USERNAME_ENV = "EMOTION_LENS_TURN_USERNAME"
TURN_CREDENTIAL_ENV = "EMOTION_LENS_TURN_CREDENTIAL"
#: What the TURN server shares with this one, which then makes credentials that expire.
TURN_SECRET_ENV = "EMOTION_LENS_TURN_SECRET"
#: After how many seconds they expire.
TURN_TTL_ENV = "EMOTION_LENS_TURN_TTL"
#: Cloudflare's TURN servers, by the names that streamlit-webrtc gives them.
CLOUDFLARE_KEY_ENV = "CLOUDFLARE_TURN_KEY_ID"
CLOUDFLARE_TOKEN_ENV = "CLOUDFLARE_TURN_KEY_API_TOKEN"
#: How many may use the live page at once.
MAX_VIEWERS_ENV = "EMOTION_LENS_MAX_VIEWERS"
#: The folder of this machine from which videos are opened where they are.
VIDEO_FOLDER_ENV = "EMOTION_LENS_VIDEO_FOLDER"
#: The largest video that may be uploaded, in GB.
MAX_VIDEO_ENV = "EMOTION_LENS_MAX_VIDEO_GB"
#: Where the store keeps what it knows of sessions: a PostgreSQL database instead of a file.
DATABASE_URL_ENV = "EMOTION_LENS_DATABASE_URL"
#: Set to 1, the served app also answers programs, below ``/api/v1``.
API_ENV = "EMOTION_LENS_API"
#: What programs have to send as ``Authorization: Bearer ...``; without one only loopback clients.
API_TOKEN_ENV = "EMOTION_LENS_API_TOKEN"
#: How many requests a minute one client may send.
API_RATE_ENV = "EMOTION_LENS_API_RATE"
#: The largest request with pictures, in MB.
API_MAX_MB_ENV = "EMOTION_LENS_API_MAX_MB"
#: The largest picture, in millions of pixels.
API_MAX_MEGAPIXELS_ENV = "EMOTION_LENS_API_MAX_MEGAPIXELS"
#: How long a request may take, in seconds.
API_TIMEOUT_ENV = "EMOTION_LENS_API_TIMEOUT_S"
#: Set to anything, errors of the command line keep their traceback.
TRACEBACK_ENV = "EMOTION_LENS_TRACEBACK"

#: The folder in which the package lies: the project's in a checkout, site-packages otherwise.
ROOT = Path(__file__).resolve().parents[1]

# The wheel brings here what stands beside the package in a checkout (pyproject.toml).
_SHIPPED = Path(__file__).resolve().parent / "_shipped"


def is_installed() -> bool:
    """Whether this is an installed package, rather than a checkout (or an editable install).

    An installed package is never written to: it may belong to somebody else, and an upgrade
    deletes what stands in it.
    """
    return _SHIPPED.is_dir()


def shipped_folder() -> Path:
    """The folder with ``app.py``, ``pages`` and ``models`` as they come with Emotion Lens."""
    return _SHIPPED if is_installed() else ROOT


def home_folder() -> Path:
    """The folder of ``EMOTION_LENS_HOME``, else the checkout, else the user's folder for data."""
    if named := os.environ.get(HOME_ENV):
        return Path(named)
    if not is_installed():
        return ROOT
    # Here: `doctor` has to start where packages are missing.
    import platformdirs

    return platformdirs.user_data_path("emotion-lens", appauthor=False)


def runs_folder() -> Path:
    """Where training runs stand, one folder each. It may not exist yet."""
    return home_folder() / "runs"


def data_folder() -> Path:
    """Where data sets and what is computed of them stand. It may not exist yet."""
    return home_folder() / "data"


def videos_folder() -> Path:
    """Where videos that were brought in and what was read in them stand. It may not exist yet."""
    return home_folder() / "videos"


def jobs_folder() -> Path:
    """Where long work keeps its orders, progress and results. It may not exist yet."""
    return home_folder() / "jobs"


def store_file() -> Path:
    """The SQLite file of the store, where no other database is named. It may not exist yet."""
    return home_folder() / "store.sqlite"


def sessions_folder() -> Path:
    """Where the rows and pictures of sessions stand, one folder each. It may not exist yet."""
    return home_folder() / "sessions"


def detector_cache_folder() -> Path:
    """Where networks of face detectors are kept that were made here. It may not exist yet."""
    return home_folder() / "cache" / "detectors"


def shipped_models_folder() -> Path:
    """The models that come with Emotion Lens."""
    return shipped_folder() / "models"


def models_folder() -> Path:
    """Where models are added. It may not exist yet.

    The folder of ``EMOTION_LENS_MODELS``, else the checkout's own, else one in the home folder.
    """
    if named := os.environ.get(MODELS_ENV):
        return Path(named)
    return home_folder() / "models" if is_installed() else shipped_models_folder()


def model_folders() -> tuple[Path, ...]:
    """The folders in which models are looked for; what stands in the first counts first.

    Only one, unless this is an installed package: there, the models that came with it stand apart
    from those that were added.
    """
    if os.environ.get(MODELS_ENV) or not is_installed():
        return (models_folder(),)
    return (models_folder(), shipped_models_folder())


def detectors_folder() -> Path:
    """Where detector files (YuNet) are looked for that no package ships. It may not exist."""
    return (home_folder() if is_installed() else ROOT) / "models" / "detectors"


def peers_folder() -> Path:
    """Where benchmarks of other people's packages stand; they do not come with the package."""
    return ROOT / "benchmarks" / "peers"
