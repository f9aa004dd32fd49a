"""Files for other tools, opened by readers that are not ours."""

import csv
import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pympi
import pytest
import python_calamine
import webvtt

from emotion_core.errors import OutputError, ReportError
from emotion_core.reports.agreement.coding_files import read_coding
from emotion_core.reports.exports import excel
from emotion_core.reports.exports.bids import events_sidecar, to_bids, to_bids_events
from emotion_core.reports.exports.boris import to_boris
from emotion_core.reports.exports.elan import to_elan
from emotion_core.reports.exports.excel import to_excel
from emotion_core.reports.exports.forms import FORMS, export_sessions
from emotion_core.reports.exports.tabular import to_openface, to_pyfeat
from emotion_core.reports.session_frames import SessionFrames
from emotion_core.video.events import find_events
from emotion_core.video.markers import EXCLUDE, Marker
from tests.reports.sessions import session, two_people
from tests.video.tables import happy

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
# A name that is markup, a formula, a path and a tab to whoever takes it for one.
BAD_NAME = '=cmd|"<b>&\t../x'


@pytest.fixture
def both(tmp_path: Path) -> SessionFrames:
    markers = [Marker("a", 1, None, "clap"), Marker("b", 2, 4, "scene <1>"),
               Marker("c", 9, 10, "", EXCLUDE)]  # fmt: skip
    return session(
        tmp_path, two_people(), names=["Ann", BAD_NAME], markers=markers, name="Film 1",
        created="2026-11-30T08:00:00+00:00",
    )  # fmt: skip


def test_pyfeats_columns(both: SessionFrames) -> None:
    """What Py-Feat's ``Fex`` looks for; it cannot be installed here without PyTorch."""
    table = pd.read_csv(io.BytesIO(to_pyfeat(both)))
    assert list(table.columns) == [
        "FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight", "FaceScore", "anger",
        "disgust", "fear", "happiness", "sadness", "surprise", "neutral", "Identity", "input",
        "frame", "approx_time",
    ]  # fmt: skip
    first = table.iloc[0]
    assert first[["FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight"]].tolist() == [
        10, 10, 40, 50,
    ]  # fmt: skip
    assert first["happiness"] == pytest.approx(0.9)
    assert set(table["input"]) == {"Film 1"}
    assert table["approx_time"].iloc[-1] == "00:09"
    assert len(table) == 50 + 40


def test_openfaces_columns(tmp_path: Path) -> None:
    found = session(tmp_path, [[happy(1)], [], [happy(1), happy(2, x=100)]])
    table = pd.read_csv(io.BytesIO(to_openface(found)))
    assert list(table.columns[:5]) == ["frame", "face_id", "timestamp", "confidence", "success"]
    assert table["frame"].tolist() == [1, 2, 3, 3]
    assert table["face_id"].tolist() == [0, 0, 0, 1]
    assert table["success"].tolist() == [1, 0, 1, 1]
    assert table["confidence"].tolist() == pytest.approx([0.9, 0, 0.9, 0.9])
    assert table["timestamp"].tolist() == pytest.approx([0, 0.2, 0.4, 0.4])


def test_bids_events(both: SessionFrames) -> None:
    text = to_bids_events(find_events(both.view)).decode()
    rows = list(csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE))
    assert list(rows[0])[:3] == ["onset", "duration", "trial_type"]
    assert [float(row["onset"]) for row in rows] == sorted(float(row["onset"]) for row in rows)
    ann = [row for row in rows if row["person"] == "Ann"]
    assert [(r["onset"], r["duration"], r["trial_type"]) for r in ann] == [
        ("0", "5", "happy"), ("5", "4", "sad"),
    ]  # fmt: skip
    levels = events_sidecar(both)["trial_type"]["Levels"]
    assert {row["trial_type"] for row in rows} <= set(levels)


def test_a_bids_data_set_has_a_subject_per_person(both: SessionFrames, tmp_path: Path) -> None:
    """The whole of it was checked with bids-validator 3.0.2 (Deno) once: no errors."""
    other = session(tmp_path, two_people(), id="two", name="Film 2", names=["Ann"])
    archive = zipfile.ZipFile(io.BytesIO(to_bids([both, other], task="film watching")))
    names = archive.namelist()
    assert "sub-Ann/ses-Film1/beh/sub-Ann_ses-Film1_task-filmwatching_events.tsv" in names
    assert "sub-Ann/ses-Film2/beh/sub-Ann_ses-Film2_task-filmwatching_events.json" in names
    people = archive.read("participants.tsv").decode().splitlines()
    assert people[0] == "participant_id\tname"
    assert people[1] == "sub-Ann\tAnn"
    assert len(people) == 4  # Ann once, the bad name, "Person 2"
    assert all(line.count("\t") == 1 for line in people)
    for name in names:
        assert not name.startswith(("/", ".."))
        assert "/../" not in name
        if name.endswith(".json"):
            json.loads(archive.read(name))
    assert json.loads(archive.read("dataset_description.json"))["BIDSVersion"]
    again = to_bids([both, other], task="film watching")
    assert again == to_bids([both, other], task="film watching")


def test_bids_refuses_what_has_no_time_or_no_name(both: SessionFrames, tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="task: wanted a word"):
        to_bids([both], task="***")
    with pytest.raises(ReportError, match="not photos"):
        to_bids([session(tmp_path, two_people(), kind="photos")])
    with pytest.raises(ReportError, match="somebody is seen"):
        to_bids([session(tmp_path, [[]])])


def test_pympi_opens_the_elan_document(both: SessionFrames, tmp_path: Path) -> None:
    path = tmp_path / "a.eaf"
    path.write_bytes(to_elan(both, media="film.mp4"))
    found = pympi.Elan.Eaf(str(path))
    tiers = list(found.get_tier_names())
    assert tiers[0] == "Ann"
    assert tiers[2] == "markers"
    annotations = [(a[0], a[1], a[2]) for a in found.get_annotation_data_for_tier("Ann")]
    assert annotations == [(0, 5000, "happy"), (5000, 9000, "sad")]
    marks = [(a[0], a[1], a[2]) for a in found.get_annotation_data_for_tier("markers")]
    assert (1000, 1040, "clap") in marks
    assert (2000, 4000, "scene <1>") in marks
    words = found.get_cv_entries("expressions")
    assert {entry[0][0][0] for entry in words.values()} == set(both.view.label_set.names)
    assert found.media_descriptors[0]["MEDIA_URL"] == "film.mp4"
    assert '=cmd|"<b>&' in tiers[1]


def test_boris_events_pair_up(both: SessionFrames) -> None:
    """By the rules of BORIS' readers: a START before each STOP, in the order of time."""
    table = pd.read_csv(io.BytesIO(to_boris(both)), keep_default_na=False)
    assert {"Observation id", "Subject", "Behavior", "Behavior type", "Time"} <= set(table.columns)
    assert table["Time"].is_monotonic_increasing
    running: set[tuple[str, str]] = set()
    for row in table.itertuples():
        key = (row.Subject, row.Behavior)
        if row._13 == "START":
            assert key not in running
            running.add(key)
        elif row._13 == "STOP":
            running.remove(key)
    assert not running
    points = table[table["Behavior type"] == "POINT"]
    assert points["Comment"].tolist() == ["clap", "scene <1>", ""]


def test_what_is_exported_comes_back_as_a_coding(both: SessionFrames, tmp_path: Path) -> None:
    events = {
        (event.expression, round(event.onset_s, 3), round(event.offset_s, 3))
        for event in find_events(both.view)
    }
    for name, content in (
        ("a.eaf", to_elan(both)),
        ("a.csv", to_boris(both)),
        ("a.tsv", to_bids_events(find_events(both.view))),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        codes = read_coding(path).codes
        found = {(c.expression.value, round(c.start_s, 3), round(c.end_s, 3)) for c in codes}
        assert found == events, name


def test_a_workbook_has_everything(both: SessionFrames) -> None:
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(to_excel([both])))
    assert book.sheet_names == ["sessions", "people", "groups", "events", "markers", "frames"]
    tables = {n: pd.DataFrame(book.get_sheet_by_name(n).to_python()) for n in book.sheet_names}
    people = tables["people"]
    people.columns = people.iloc[0]
    ann = people[(people["person"] == "Ann") & (people["expression"] == "happy")]
    whole = ann[ann["interval"] == "whole"].iloc[0]
    assert whole["share"] == pytest.approx(5 / 9, abs=1e-5)
    assert BAD_NAME.replace("\t", " ") in {str(v).replace("\t", " ") for v in people["person"]}
    assert len(tables["frames"]) == 1 + 90
    assert tables["markers"].iloc[1].tolist()[1:] != []


def test_no_cell_of_a_workbook_is_a_formula(both: SessionFrames) -> None:
    archive = zipfile.ZipFile(io.BytesIO(to_excel([both])))
    for name in archive.namelist():
        if name.startswith("xl/worksheets/sheet"):
            assert b"<f>" not in archive.read(name)
            assert b"hyperlink" not in archive.read(name)


def test_too_many_rows_for_a_workbook(both: SessionFrames, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excel, "MAX_FRAMES", 50)
    with pytest.raises(OutputError, match=r"at most 50 rows of frames. Received: 90"):
        to_excel([both])


def test_subtitles_can_be_read(both: SessionFrames) -> None:
    content, suffix = export_sessions([both], "webvtt", created=NOW)
    captions = webvtt.from_buffer(io.StringIO(content.decode()))
    assert suffix == ".vtt"
    assert captions[0].start == "00:00:00.000"
    assert any(c.text.startswith("Ann: happy") for c in captions)


@pytest.mark.parametrize("form", [f for f in FORMS if not f.startswith("report")])
def test_each_form_of_one_session_and_of_two(
    form: str, both: SessionFrames, tmp_path: Path
) -> None:
    content, suffix = export_sessions([both], form, created=NOW)
    assert content
    assert suffix == FORMS[form].suffix
    other = session(tmp_path, two_people(), id="two", name="Film 1")
    content, suffix = export_sessions([both, other], form, created=NOW)
    if FORMS[form].write is not None:
        archive = zipfile.ZipFile(io.BytesIO(content))
        assert suffix == ".zip"
        assert len(set(archive.namelist())) == 2


def test_a_table_of_nobody_can_be_exported(tmp_path: Path) -> None:
    nobody = session(tmp_path, [[], []])
    for form in ("csv", "json", "excel", "elan", "boris", "pyfeat", "openface", "webvtt"):
        assert export_sessions([nobody], form, created=NOW)[0]


def test_wishes_that_cannot_be_fulfilled(both: SessionFrames, tmp_path: Path) -> None:
    photos = session(tmp_path, two_people(), kind="photos")
    for sessions, form, words in (
        ([], "csv", "at least one session"),
        ([both], "docx", "form: wanted one of csv, parquet"),
        ([photos], "elan", "photos have none: s1.mp4"),
        ([photos], "webvtt", "Take csv, json"),
    ):
        with pytest.raises(ReportError, match=words):
            export_sessions(sessions, form, created=NOW)
