"""``dataset``: import, look at, audit, export, download and synthesize data sets."""

from pathlib import Path

from emotion_core.cli import dataset_actions as actions
from emotion_core.cli.common import (
    CommandParser,
    Subparsers,
    add_corrections,
    local_path,
    whole_number_from,
)
from emotion_core.datasets.download import DEFAULT_HANDLE
from emotion_core.datasets.exporting import EXPORT_FORMS

_EXAMPLE = """\
python -m emotion_core dataset import fer2013.csv --ferplus fer2013new.csv
python -m emotion_core dataset info data/fer2013.parquet --json
python -m emotion_core dataset audit data/fer2013.parquet --output findings.csv
python -m emotion_core dataset export data/fer2013.parquet --form png-folders --output faces/"""


def register(subparsers: Subparsers) -> None:
    """Adds the command's parser."""
    parser = subparsers.add_parser(
        "dataset",
        help="import, inspect, audit, export data sets",
        description="Brings data sets into one Parquet file, tells what is in them and what is "
        "wrong with them, and writes them in other forms.",
        example=_EXAMPLE,
    )
    group = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    _add_import(group)
    _add_info(group)
    _add_audit(group)
    _add_export(group)
    _add_download(group)
    _add_synthesize(group)


def _add_import(group: Subparsers) -> None:
    parser = group.add_parser(
        "import",
        help="any form to one Parquet file",
        description="Reads Kaggle's fer2013.csv or icml_face_data.csv and other tables with a "
        "label and the pixels of a face per line, a folder of pictures with one folder per "
        "expression (in train/ and test/ or without them), a zip of these, or Parquet. What was "
        "assumed is told. Bad rows are counted and listed; the exit code is then 1. Where folders "
        "or labels are numbers whose meaning is not certain, nothing is imported and the --map "
        "options to choose from are printed; the exit code is then 2.",
        example="python -m emotion_core dataset import fer2013.csv --ferplus fer2013new.csv\n"
        "python -m emotion_core dataset import my-photos/ --detect --output data/mine.parquet\n"
        "python -m emotion_core dataset import faces/ --map joyful=happy --map bored=leave-out",
    )
    parser.add_argument(
        "source",
        type=local_path("a data set", ", or see `dataset download`"),
        metavar="SOURCE",
        help="file or folder on this machine; no addresses",
    )
    _add_import_options(parser)
    parser.add_argument(
        "--detect",
        nargs="?",
        const="",
        metavar="DETECTOR",
        help="find and cut out the largest face of each picture (default: the middle square)",
    )
    parser.set_defaults(func=actions.run_import)


def _add_import_options(parser: CommandParser) -> None:
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="the Parquet file to write (default: data/fer2013.parquet)",
    )
    parser.add_argument(
        "--ferplus",
        type=Path,
        metavar="FILE",
        help="FER+'s fer2013new.csv; its votes are joined by row",
    )
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="FOLDER=EXPRESSION",
        help="what a folder or label stands for, or leave-out; may be repeated. A .json file: "
        "all of them, as {folder: expression}",
    )
    parser.add_argument("--json", action="store_true", help="the report as JSON")


def _add_path(parser: CommandParser) -> None:
    parser.add_argument(
        "path",
        nargs="?",
        metavar="PATH",
        help="Parquet file, or the word synthetic (default: EMOTION_LENS_DATASET)",
    )
    add_corrections(parser)


def _add_info(group: Subparsers) -> None:
    parser = group.add_parser(
        "info",
        help="splits, classes, votes, hash",
        description="Counts the images of a stored data set.",
        example="python -m emotion_core dataset info data/fer2013.parquet --json",
    )
    _add_path(parser)
    parser.add_argument("--json", action="store_true", help="machine-readable output")
    parser.set_defaults(func=actions.run_info)


def _add_audit(group: Subparsers) -> None:
    parser = group.add_parser(
        "audit",
        help="duplicates, leaks, bad pictures, likely label errors",
        description="Looks for exact, mirrored and near duplicates, leaks between splits, flat, "
        "dark and blurred pictures, and labels that are likely wrong.",
        example="python -m emotion_core dataset audit data/fer2013.parquet --output findings.csv",
    )
    _add_path(parser)
    judge = parser.add_mutually_exclusive_group()
    judge.add_argument(
        "--model",
        metavar="NAME",
        help="a folder of models/ that judges the labels (default: the app's)",
    )
    judge.add_argument(
        "--no-model", action="store_true", help="only what needs no model: no label errors, no map"
    )
    parser.add_argument("--again", action="store_true", help="do not take a kept report")
    parser.add_argument("--output", type=Path, metavar="FILE", help="the findings as CSV")
    parser.add_argument("--json", action="store_true", help="the counts as JSON")
    parser.set_defaults(func=actions.run_audit_action)


def _add_export(group: Subparsers) -> None:
    parser = group.add_parser(
        "export",
        help="to CSV, folders of PNG files or Parquet",
        description="Writes a data set as Kaggle's CSV, as the folders of PNG files that "
        "Emotion-detection prepares (or a zip of them), or as Parquet with the votes.",
        example="python -m emotion_core dataset export data/fer2013.parquet --form png-folders \\\n"
        "    --split Training --corrections --output faces.zip",
    )
    _add_path(parser)
    parser.add_argument("--form", choices=EXPORT_FORMS, required=True)
    parser.add_argument(
        "--output", type=Path, required=True, metavar="OUT", help="file, folder or .zip to write"
    )
    parser.add_argument(
        "--split",
        action="append",
        metavar="SPLIT",
        help="only Training, PublicTest (or validation), PrivateTest (or test); may be repeated",
    )
    parser.add_argument(
        "--emotion",
        action="append",
        metavar="EMOTION",
        help="only images with this label; may be repeated",
    )
    parser.set_defaults(func=actions.run_export)


def _add_download(group: Subparsers) -> None:
    parser = group.add_parser(
        "download",
        help="FER-2013 from Kaggle",
        description="Downloads a data set from Kaggle with the package kagglehub, which is not "
        "installed with the app, and imports it.",
        example="pip install kagglehub\npython -m emotion_core dataset download",
    )
    parser.add_argument(
        "--handle",
        default=DEFAULT_HANDLE,
        metavar="OWNER/NAME",
        help=f"the data set's name on Kaggle (default: {DEFAULT_HANDLE})",
    )
    _add_import_options(parser)
    parser.set_defaults(func=actions.run_download, detect=None)


def _add_synthesize(group: Subparsers) -> None:
    parser = group.add_parser(
        "synthesize",
        help="generate a synthetic data set",
        description="Generates a synthetic data set of drawn faces: seven expressions, three "
        "splits, the same for the same seed. It needs no data; its figures say "
        "nothing about people.",
        example="python -m emotion_core dataset synthesize --output synthetic.parquet",
    )
    parser.add_argument("--output", type=Path, required=True, metavar="FILE")
    parser.add_argument(
        "--per-class",
        type=whole_number_from(1),
        default=200,
        metavar="N",
        help="Training images per emotion; the other splits get a quarter each (default: 200)",
    )
    parser.add_argument("--seed", type=whole_number_from(0), default=0, metavar="N")
    parser.add_argument("--json", action="store_true", help="what was written, as JSON")
    parser.set_defaults(func=actions.run_synthesize)
