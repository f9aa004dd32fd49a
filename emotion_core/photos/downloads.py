"""What can be taken home: tables in three forms, and the marked pictures as a zip."""

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from emotion_core import tables
from emotion_core.errors import EmotionLensError
from emotion_core.files.file_names import FileNames
from emotion_core.photos.photo_files import Failure
from emotion_core.photos.photo_library import Photo
from emotion_core.photos.pictures import full_size_annotated
from emotion_core.types import FrameResult


@dataclass(frozen=True, slots=True)
class Export:
    """The results at one moment; the files are made when they are asked for.

    Attributes:
        model: name of the model.
        labels: whose labels that model was asked for.
        detector: name of the face detector.
        results: photos with what was found in them.
        failures: files that gave no result.
        blur: whether faces are hidden in the pictures.
    """

    model: str
    labels: str
    detector: str
    results: tuple[tuple[Photo, FrameResult], ...]
    failures: tuple[Failure, ...]
    blur: bool

    def csv(self) -> bytes:
        """One row per face."""
        return tables.to_csv_bytes(tables.records_to_frame(self._records()))

    def parquet(self) -> bytes:
        """One row per face, with column types."""
        return tables.to_parquet_bytes(tables.records_to_frame(self._records()))

    def json(self) -> bytes:
        """The same document that ``python -m emotion_core analyze`` writes."""
        results = [(photo.name, result) for photo, result in self.results]
        errors = [(failure.name, failure.message) for failure in self.failures]
        document = tables.analysis_document(self.model, self.detector, results, errors, self.labels)
        return tables.to_json_bytes(document)

    def pictures(self) -> bytes:
        """A zip of all pictures in their own size, with the faces marked."""
        buffer = io.BytesIO()
        # JPEGs do not get smaller by packing.
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            names = picture_names([photo.name for photo, _ in self.results])
            for name, (photo, result) in zip(names, self.results, strict=True):
                try:
                    archive.writestr(name, full_size_annotated(photo, result, blur=self.blur))
                except EmotionLensError as error:
                    # It could be read before, so this is rare; the zip says what is missing.
                    archive.writestr(f"{name}.txt", str(error))
        return buffer.getvalue()

    def _records(self) -> list[dict[str, object]]:
        return [
            record
            for photo, result in self.results
            for record in tables.results_to_records(
                photo.name, result, self.model, self.detector, self.labels
            )
        ]


def picture_names(sources: Sequence[str]) -> list[str]:
    """Flat, unique names of JPEG files for the sources, that every system can unpack."""
    names = FileNames()
    paths = map(PurePosixPath, sources)
    return [names.add("_".join((*path.parts[:-1], path.stem)), ".jpg") for path in paths]


@dataclass(frozen=True, slots=True)
class FileKind:
    """One form of download and how it is offered."""

    label: str
    icon: str
    help: str
    file_name: str
    mime: str
    make: Callable[[], bytes]


def file_kinds(export: Export) -> tuple[FileKind, ...]:
    """All forms that an export can be had in."""
    hidden = ", faces blurred" if export.blur else ""
    return (
        FileKind(
            "CSV", ":material/table:", "One row per face",
            "expressions.csv", "text/csv", export.csv,
        ),
        FileKind(
            "JSON", ":material/data_object:", "Photos, faces and failures",
            "expressions.json", "application/json", export.json,
        ),
        FileKind(
            "Parquet", ":material/view_column:", "One row per face, for pandas and the like",
            "expressions.parquet", "application/vnd.apache.parquet", export.parquet,
        ),
        FileKind(
            "Annotated pictures (zip)", ":material/imagesmode:", f"In their own size{hidden}",
            "marked_pictures.zip", "application/zip", export.pictures,
        ),
    )  # fmt: skip
