"""The data set page without a browser, on the synthetic data set."""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from emotion_core.datasets import Corrections, build_synthetic, load_dataset, write_dataset
from emotion_core.emotions import FER2013
from emotion_core.jobs import JobInfo
from pages.parts.common.jobs import job_board
from tests.datasets import forms

ROOT = Path(__file__).resolve().parents[2]
PER_CLASS = 12


@pytest.fixture(scope="module")
def synthetic_set(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("synthetic") / "synthetic-faces.parquet"
    write_dataset(build_synthetic(PER_CLASS), path)
    return path.read_bytes()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine without data; resources of other tests are forgotten."""
    monkeypatch.setenv("EMOTION_LENS_HOME", str(tmp_path))
    monkeypatch.delenv("EMOTION_LENS_DATASET", raising=False)
    st.cache_resource.clear()
    yield tmp_path
    st.cache_resource.clear()


@pytest.fixture
def stored(home: Path, synthetic_set: bytes) -> Path:
    """A machine with one data set."""
    path = home / "data" / "synthetic-faces.parquet"
    path.parent.mkdir()
    path.write_bytes(synthetic_set)
    return path


def opened(**params: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.switch_page("pages/datasets.py")
    for name, value in params.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert not app.error
    return app


def grid(app: AppTest, key: str = "ds_faces") -> dict[str, Any]:
    """What a grid was told to draw."""
    for element in app.get("bidi_component"):
        if key in element.proto.id:
            return dict(json.loads(element.proto.json))
    raise AssertionError(f"No grid {key} on the page.")


def rows(app: AppTest) -> list[int]:
    return [face["row"] for face in grid(app)["faces"]]


def texts(app: AppTest) -> str:
    parts = [element.value for kind in (app.markdown, app.caption) for element in kind]
    return "\n".join([*parts, *(element.proto.body for element in app.get("html"))])


def test_a_fresh_machine_gets_a_synthetic_set_in_one_click(home: Path) -> None:
    app = opened()
    next(b for b in app.button if b.label == "Create a synthetic data set").click().run()
    assert not app.exception
    assert load_dataset(home / "data" / "synthetic.parquet").is_synthetic
    assert rows(app)[:3] == [0, 1, 2]
    assert "drawn by code" in texts(app)


def test_the_grid_shows_the_faces_that_the_address_asks_for(stored: Path) -> None:
    dataset = load_dataset(stored)
    app = opened(label="happy,sad", split="training", size="large")
    wanted = [
        row
        for row in range(len(dataset))
        if dataset.usage[row] == "Training"
        and dataset.label_set.names[int(dataset.labels[row])] in ("happy", "sad")
    ]
    assert rows(app) == wanted[:48]
    assert app.query_params["label"] == "happy,sad"
    faces = grid(app)["faces"]
    assert all(face["src"].startswith("data:image/png;base64,iVBOR") for face in faces)
    assert {face["caption"] for face in faces} == {"happy", "sad"}


def test_a_filter_goes_into_the_address_and_back_to_the_first_page(stored: Path) -> None:
    app = opened(page="2")
    assert rows(app)[0] == 96
    app.button_group(key="ds_label").set_value(["fear"]).run()
    assert app.query_params["label"] == "fear"
    assert "page" not in app.query_params
    assert {face["caption"] for face in grid(app)["faces"]} == {"fear"}
    next(b for b in app.button if b.label == "Clear filters").click().run()
    assert "label" not in app.query_params


def test_nonsense_in_the_address_is_as_if_nothing_was_said(stored: Path) -> None:
    app = opened(label="grumpy", sort="magic", page="-3", votes="x", area="1,2", mark="leaks")
    assert len(rows(app)) == 96


def test_rows_by_number_and_a_hint_for_what_is_none(stored: Path) -> None:
    app = opened(rows="3, 7-9")
    assert rows(app) == [3, 7, 8, 9]
    app.text_input(key="ds_rows").set_value("seven").run()
    assert rows(app) == []
    assert "Wanted row numbers and ranges" in texts(app)


def test_details_name_label_scores_and_the_faces_most_alike(stored: Path) -> None:
    app = opened(face="5")
    dataset = load_dataset(stored)
    shown = texts(app)
    assert "**Row 5**" in shown
    assert dataset.label_set.names[int(dataset.labels[5])] in shown
    assert "Scores of" in shown
    alike = [face["row"] for face in grid(app, "ds_neighbours")["faces"]]
    assert len(alike) == 16
    assert 5 not in alike


def test_a_row_that_is_not_there_is_said_in_words(stored: Path) -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.switch_page("pages/datasets.py")
    app.query_params["face"] = "999999"
    app.run()
    assert "There is no row 999999" in app.error[0].value


@pytest.mark.slow
def test_relabel_undo_redo_and_the_file_beside_the_set(stored: Path) -> None:
    before = stored.read_bytes()
    app = opened(face="5")
    label = next(name for name in ("angry", "happy") if name != _label_of(stored, 5))
    app.text_input(key="ds_why_face").set_value("looks so").run()
    app.selectbox(key="ds_new_label_face").set_value(label).run()
    app.button(key="ds_relabel_face").click().run()
    (entry,) = Corrections.load(stored).entries
    assert (entry.row, entry.action, entry.emotion, entry.why) == (5, "relabel", label, "looks so")
    assert f"row 5 relabelled {label}" in texts(app)
    app.button(key="ds_undo_button_face").click().run()
    assert not Corrections.load(stored).current
    app.button(key="ds_redo_button_face").click().run()
    assert Corrections.load(stored).current[5].emotion == label
    assert stored.read_bytes() == before


@pytest.mark.slow
def test_a_selection_is_excluded_at_once_and_found_again(stored: Path) -> None:
    app = opened(label="fear", split="test")
    app.toggle(key="ds_picking").set_value(True).run()
    next(b for b in app.button if b.label.startswith("Select all")).click().run()
    found = rows(app)
    assert sorted(grid(app)["picked"]) == sorted(found)
    app.button(key="ds_exclude_selection").click().run()
    assert set(Corrections.load(stored).current) == set(found)
    assert all(face["faded"] for face in grid(app)["faces"])
    assert rows(opened(mark="excluded")) == sorted(found)


@pytest.mark.slow
def test_everything_that_leaks_is_excluded_after_a_question(home: Path) -> None:
    dataset = build_synthetic(PER_CLASS)
    images = dataset.images.copy()
    training = [int(row) for row in range(len(dataset)) if dataset.usage[row] == "Training"]
    test = [int(row) for row in range(len(dataset)) if dataset.usage[row] == "PrivateTest"]
    images[training[3]] = images[test[0]]
    images[training[8]] = images[test[1]][:, ::-1]
    path = home / "data" / "leaky.parquet"
    path.parent.mkdir()
    write_dataset(replace(dataset, images=images), path)
    app = opened(tab="corrections")
    next(b for b in app.button if b.label.startswith("Exclude everything")).click().run()
    assert "2 Training faces" in texts(app)
    assert not Corrections.load(path).current
    next(b for b in app.button if b.label == "Exclude 2").click().run()
    current = Corrections.load(path).current
    assert {row: entry.action for row, entry in current.items()} == {
        training[3]: "exclude",
        training[8]: "exclude",
    }
    app.button(key="ds_undo_button_tab").click().run()
    assert not Corrections.load(path).current


def test_corrections_of_another_set_are_an_error_in_words(
    stored: Path, synthetic_set: bytes
) -> None:
    corrections = Corrections.load(stored)
    corrections.exclude([1])
    corrections.save()
    write_dataset(build_synthetic(PER_CLASS, seed=7), stored)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.switch_page("pages/datasets.py")
    app.run()
    assert "belongs to another data set" in app.error[0].value


@pytest.mark.slow
def test_import_by_path_lists_the_bad_rows_and_opens_the_set(stored: Path) -> None:
    source = stored.parent.parent / "mine.csv"
    pixels = " ".join(["120"] * 2304)
    source.write_text(
        "emotion,pixels,Usage\n"
        + "".join(f"{n % 7},{pixels.replace('120', str(n), 1)},Training\n" for n in range(20))
        + f"9,{pixels},Training\n3,1 2 3,Training\n"
    )
    app = opened(tab="import-and-export")
    app.button_group(key="ds_from").set_value("Path on this machine").run()
    app.text_input(key="ds_path").set_value(str(source)).run()
    next(b for b in app.button if b.label == "Import").click().run()
    ended("dataset-import")
    app.run()
    assert "20 faces imported" in texts(app)
    left_out = app.dataframe[0].value
    assert left_out["line"].tolist() == [22, 23]
    next(b for b in app.button if b.label == "Browse the data set").click().run()
    assert rows(app) == list(range(20))
    assert sorted(p.name for p in stored.parent.iterdir()) == [
        "mine.parquet",
        "synthetic-faces.parquet",
    ]


def ended(kind: str) -> JobInfo:
    """Waits for the latest job of a kind."""
    job = job_board().find(kind)
    assert job is not None
    return job_board().wait(job.id, 120)


def import_from(source: Path) -> AppTest:
    app = opened(tab="import-and-export")
    app.button_group(key="ds_from").set_value("Path on this machine").run()
    app.text_input(key="ds_path").set_value(str(source)).run()
    next(b for b in app.button if b.label == "Import").click().run()
    return after_the_job(app)


def after_the_job(app: AppTest) -> AppTest:
    ended("dataset-import")
    app.run()
    assert not app.exception
    return app


@pytest.mark.slow
def test_numbered_folders_are_asked_for_and_imported_as_answered(stored: Path) -> None:
    data = forms.faces()
    files = {
        f"{7 - label}/{i}.png": forms.png(image)
        for i, (label, image) in enumerate(zip(data.labels, data.images, strict=True))
    }
    app = import_from(forms.write_folder(files, stored.parent.parent / "<b>raf"))
    page = texts(app)
    assert "Which expression does each folder show?" in page
    assert "Import &lt;b&gt;raf: 42 faces in 7 folders" in page
    assert page.count('src="data:image/png;base64,') == 4 * 7
    assert not any(b.label == "Import" for b in app.button)
    boxes = {i: app.selectbox(key=f"ds_map_{i}") for i in range(7)}
    assert [boxes[i].value for i in range(3)] == ["surprise", "fear", "disgust"]  # RAF-DB's
    app.button_group(key="ds_map_numbering").set_value("AffectNet").run()
    assert app.selectbox(key="ds_map_6").value == "leave-out"
    for i in range(7):
        app.selectbox(key=f"ds_map_{i}").set_value(FER2013.names[6 - i])
    app.run()
    next(b for b in app.button if b.label == "Import with this table").click().run()
    app = after_the_job(app)
    assert "42 faces imported" in texts(app)
    kept = load_dataset(stored.parent / "b_raf.parquet")
    assert sorted(kept.labels) == sorted(data.labels)
    assert all(
        kept.labels[i] == data.labels[(data.images == image).all(axis=(1, 2))][0]
        for i, image in enumerate(kept.images)
    )


def test_an_upload_is_kept_until_the_question_is_answered(stored: Path) -> None:
    contempt = {"contempt/a.png": forms.png(forms.faces().images[0])}
    files = {**forms.kaggle_files(forms.faces()), **contempt}
    source = forms.write_zip(files, stored.parent.parent / "a.zip")
    with source.open("rb") as upload:
        order = {"output": str(stored.parent / "a.parquet"), "labels": None}
        job = job_board().submit(
            "dataset-import", order, title="Import a.zip", inputs={"source": ("a.zip", upload)}
        )
    ended("dataset-import")
    assert (job.folder / "inputs" / "0-a.zip").exists()
    app = opened(tab="import-and-export")
    assert "1 left out" in texts(app)
    next(b for b in app.button if b.label == "Cancel").click().run()
    assert not job.folder.exists()
    assert job_board().find("dataset-import") is None


@pytest.mark.slow
def test_what_is_no_data_set_leaves_nothing_but_a_reason(stored: Path) -> None:
    source = stored.parent.parent / "notes.csv"
    source.write_text("day,weather\nMonday,rain\n")
    app = opened(tab="import-and-export")
    app.button_group(key="ds_from").set_value("Path on this machine").run()
    app.text_input(key="ds_path").set_value(str(source)).run()
    next(b for b in app.button if b.label == "Import").click().run()
    ended("dataset-import")
    app.run()
    assert "notes.csv" in app.error[0].value
    assert [p.name for p in stored.parent.iterdir()] == ["synthetic-faces.parquet"]


@pytest.mark.slow
def test_an_export_holds_the_filter_with_its_corrections(stored: Path) -> None:
    dataset = load_dataset(stored)
    mine = [
        row
        for row in range(len(dataset))
        if dataset.label_set.names[int(dataset.labels[row])] == "disgust"
        and dataset.usage[row] == "PrivateTest"
    ]
    corrections = Corrections.load(stored)
    corrections.exclude(mine[:1])
    corrections.save()
    app = opened(tab="import-and-export", label="disgust", split="test")
    app.button_group(key="ds_export_form").set_value("png-folders").run()
    app.button_group(key="ds_export_which").set_value("Faces filtered in Browse").run()
    next(b for b in app.button if b.label == "Write the file").click().run()
    ended("dataset-export")
    app.run()
    assert not app.exception
    content = (stored.parent / "exports" / "synthetic-faces-filtered.zip").read_bytes()
    with zipfile.ZipFile(BytesIO(content)) as archive:
        assert archive.namelist() == [f"test/disgusted/im{i}.png" for i in range(len(mine) - 1)]


def _label_of(path: Path, row: int) -> str:
    dataset = load_dataset(path)
    return dataset.label_set.names[int(dataset.labels[row])]


@pytest.mark.slow
def test_an_audit_runs_beside_the_page_and_its_findings_lead_to_the_grid(home: Path) -> None:
    dataset = build_synthetic(PER_CLASS)
    images = dataset.images.copy()
    images[7] = images[2]
    images[11] = 128
    path = home / "data" / "odd.parquet"
    path.parent.mkdir()
    write_dataset(replace(dataset, images=images), path)
    app = opened(tab="audit")
    next(b for b in app.button if b.label == "Start the audit").click().run()
    job = ended("dataset-audit")
    assert not job.error
    app.run()
    assert not app.exception
    assert "1 flat" in texts(app)
    app.button(key="ds_show_flat").click().run()
    assert rows(app) == [11]
    assert app.query_params["mark"] == "flat"
    wrong = opened(prediction="wrong", sort="other_label")
    assert 0 < len(rows(wrong)) < len(dataset)
    copies = [face["row"] for face in grid(opened(face="2"), "ds_copies")["faces"]]
    assert copies == [7]
    inside = opened(tab="map", area="-1e5,1e5,-1e5,1e5")
    assert not inside.exception
    assert f"**{len(dataset)} faces in this region**" in texts(inside)
