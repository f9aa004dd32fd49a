import logging
from pathlib import Path
from unittest import mock

import pytest
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[2]


def _script(error: str) -> AppTest:
    def page(error: str) -> None:
        import streamlit as st

        from emotion_core.errors import ModelError
        from pages.parts.common.guard import guarded

        with guarded():
            if error == "deliberate":
                raise ModelError("The model is gone. Fetch it again.")
            if error == "unexpected":
                raise RuntimeError("secret detail")
            if error == "full":
                raise OSError(28, "No space left on device", "/somewhere/x.csv")
            if error == "stop":
                st.stop()
            st.write("all well")
        st.write("after")

    return AppTest.from_function(page, args=(error,)).run()


def test_deliberate_errors_are_shown_as_they_are() -> None:
    app = _script("deliberate")
    assert [e.value for e in app.error] == ["The model is gone. Fetch it again."]
    assert app.markdown[0].value == "after"


def test_a_full_disk_is_said_with_its_place() -> None:
    (shown,) = _script("full").error
    assert shown.value.startswith("The disk is full: /somewhere/x.csv cannot be written; ")
    assert shown.value.endswith("Free some space, then try again.")


def test_unexpected_errors_go_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        app = _script("unexpected")
    assert not app.exception
    assert "Something went wrong" in app.error[0].value
    assert "secret detail" not in app.error[0].value
    assert "secret detail" in caplog.text


def test_stops_pass_through() -> None:
    app = _script("stop")
    assert not app.error
    assert not app.markdown


def test_nothing_happens_without_an_error() -> None:
    assert [e.value for e in _script("").markdown] == ["all well", "after"]


@pytest.mark.parametrize(
    ("page", "kept"),
    [
        ("home", "Your photos and your recording are kept."),
        ("photos", "Your photos are kept."),
        ("live", "What has been recorded so far is kept."),
        ("datasets", "The data set and its corrections are kept."),
        ("training", "Your runs are kept, and a run in progress continues."),
        ("history", "Your runs are kept."),
        ("evaluation", "Models, data sets and finished evaluations are kept."),
    ],
)
def test_every_page_says_what_it_keeps(page: str, kept: str) -> None:
    with mock.patch(
        "pages.parts.common.page_frame.sidebar_settings", side_effect=RuntimeError("oh")
    ):
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        app.run()
        app.switch_page(f"pages/{page}.py").run()
    (error,) = app.error
    assert f"Something went wrong here. {kept} Choose the page" in error.value
    # A reload begins a new session, in which nothing is kept.
    assert "Reload" not in error.value


def test_a_part_that_runs_alone_has_the_words_of_its_page() -> None:
    def page() -> None:
        import streamlit as st

        from pages.parts.common.guard import guarded, say_kept

        @st.fragment
        def part() -> None:
            with guarded():
                if st.button("fail"):
                    raise RuntimeError("oh")

        say_kept("The bath water is kept.")
        part()

    app = AppTest.from_function(page).run()
    app.button[0].click().run()
    assert "The bath water is kept." in app.error[0].value
