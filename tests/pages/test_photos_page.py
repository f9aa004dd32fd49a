"""The photos page without a browser: Streamlit's own test runner, the real detector and model."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.faces import all_detectors
from emotion_core.photos.photo_library import AnalysisKey, PhotoLibrary
from emotion_core.pipeline import EmotionPipeline
from emotion_core.types import Frame, FrameResult
from pages.parts.common.settings import (
    BLUR_KEY,
    DETECTOR_KEY,
    MODEL_KEY,
    SMALL_FACES_KEY,
    min_confidence_key,
    threshold_key,
)
from pages.parts.photos.intake import browser_name

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def analysed(monkeypatch: pytest.MonkeyPatch) -> list[Frame]:
    """Every picture that goes through the whole pipeline."""
    seen: list[Frame] = []
    analyze = EmotionPipeline.analyze

    def counted(self: EmotionPipeline, frame: Frame) -> FrameResult:
        seen.append(frame)
        return analyze(self, frame)

    monkeypatch.setattr(EmotionPipeline, "analyze", counted)
    return seen


@pytest.fixture
def app() -> Iterator[AppTest]:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.switch_page("pages/photos.py").run()
    assert not app.exception
    yield app
    assert not app.exception


def _texts(app: AppTest) -> str:
    parts = [element.value for kind in (app.markdown, app.caption, app.error) for element in kind]
    parts += [element.proto.body for element in app.get("html")]
    return "\n".join(parts)


def _button(app: AppTest, label: str) -> Any:
    return next(button for button in app.button if button.label == label)


def _upload(app: AppTest, *files: tuple[str, bytes]) -> None:
    app.file_uploader[0].set_value([(name, data, "image/jpeg") for name, data in files]).run()


def _pictures(app: AppTest) -> list[Any]:
    return [picture for image in app.get("image") for picture in image.proto.imgs]


def _library(app: AppTest) -> PhotoLibrary:
    library: PhotoLibrary = app.session_state["_photo_library"]
    return library


def test_the_empty_page_says_what_will_stand_here(app: AppTest) -> None:
    assert "will appear here" in _texts(app)
    assert app.file_uploader[0].label == "Drop photos here, or a zip of photos"
    assert not app.get("download_button")


def test_one_photo_is_opened_at_once(app: AppTest, astronaut: bytes) -> None:
    _upload(app, ("astronaut.jpg", astronaut))
    texts = _texts(app)
    assert "**1 photo** · 1 face" in texts
    assert "Second guess" in texts
    assert "(" in texts
    pictures = [picture.alt for picture in _pictures(app)]
    assert pictures[0].startswith("astronaut.jpg: 1 face. face 1 ")
    assert pictures[1] == "Face 1 as the classifier sees it"
    assert len(app.get("vega_lite_chart")) == 1


def test_a_broken_file_stands_beside_the_results(app: AppTest, astronaut: bytes) -> None:
    _upload(app, ("astronaut.jpg", astronaut), ("broken.jpg", b"no picture"))
    texts = _texts(app)
    assert "**1 photo** · 1 face" in texts
    assert "broken.jpg" in texts
    assert "not an image" in texts
    _button(app, "Dismiss").click().run()
    assert "broken.jpg" not in _texts(app)
    assert "**1 photo** · 1 face" in _texts(app)


def test_no_face_says_what_to_try(app: AppTest, coffee: bytes, analysed: list[Frame]) -> None:
    _upload(app, ("coffee.jpg", coffee))
    assert "**No face found**" in _texts(app)
    before = app.selectbox(key="detector").value
    title = next(b.label for b in app.button if str(b.key).startswith("detector_"))
    next(b for b in app.button if b.label == title).click().run()
    assert app.selectbox(key="detector").value != before
    assert len(analysed) == 2  # it was really tried


def test_the_threshold_flips_uncertain_without_a_new_analysis(
    app: AppTest, astronaut: bytes, analysed: list[Frame]
) -> None:
    _upload(app, ("astronaut.jpg", astronaut))
    model = app.selectbox(key=MODEL_KEY).value
    key = threshold_key(model, ModelRegistry().card(model).own_labels)
    app.slider(key=key).set_value(0.0).run()
    assert "looks " in _texts(app)
    app.slider(key=key).set_value(0.95).run()
    if max(_only_result(app).scores.confidences) < 0.95:
        assert "1 uncertain" in _texts(app)
        assert "uncertain (" in _texts(app)
    assert len(analysed) == 1


def test_blur_hides_the_face_without_a_new_analysis(
    app: AppTest, astronaut: bytes, analysed: list[Frame]
) -> None:
    _upload(app, ("astronaut.jpg", astronaut))
    before = [picture.url for picture in _pictures(app)]
    app.toggle(key=BLUR_KEY).set_value(True).run()
    after = [picture.url for picture in _pictures(app)]
    assert all(a != b for a, b in zip(after, before, strict=True))
    assert _pictures(app)[1].alt.endswith("hidden")
    assert len(analysed) == 1


def test_another_model_judges_the_same_crops(
    app: AppTest, astronaut: bytes, analysed: list[Frame]
) -> None:
    models = app.selectbox(key=MODEL_KEY)
    if len(models.options) < 2:
        pytest.skip("only one model is installed")
    _upload(app, ("astronaut.jpg", astronaut))
    first = models.value
    other = next(name for name in ("compact", "emotion-cnn") if name != first)
    app.selectbox(key=MODEL_KEY).set_value(other).run()
    assert "**1 photo** · 1 face" in _texts(app)
    assert len(analysed) == 1
    assert len(_keys(_library(app))) == 2


def test_the_same_photo_is_analysed_once(
    app: AppTest, astronaut: bytes, grace_hopper: bytes, analysed: list[Frame]
) -> None:
    _upload(app, ("a.jpg", astronaut))
    _upload(app, ("again.jpg", astronaut), ("b.jpg", grace_hopper))
    assert len(analysed) == 2
    assert "**2 photos** · 2 faces" in _texts(app)
    assert any("already here" in toast.value for toast in app.toast)


def test_results_and_settings_survive_a_change_of_page(
    app: AppTest, astronaut: bytes, analysed: list[Frame]
) -> None:
    _upload(app, ("a.jpg", astronaut))
    app.toggle(key=BLUR_KEY).set_value(True).run()
    app.switch_page("pages/home.py").run()
    assert app.toggle(key=BLUR_KEY).value is True
    assert "From your photo a.jpg." in _texts(app)
    app.switch_page("pages/photos.py").run()
    assert app.toggle(key=BLUR_KEY).value is True
    assert "**1 photo** · 1 face" in _texts(app)
    assert len(analysed) == 1


def test_names_are_never_markdown(app: AppTest, astronaut: bytes) -> None:
    """A name out of a zip must not fetch anything from anywhere."""
    name = "![a](http-example).jpg"
    _upload(app, (name, astronaut), ("other.jpg", b"broken"), (name, b"broken too"))
    app.switch_page("pages/home.py").run()
    assert f"From your photo {name}." in _texts(app)
    app.switch_page("pages/photos.py").run()
    rendered = [e.value for kind in (app.markdown, app.caption, app.error) for e in kind]
    assert not any(name in text for text in rendered)


def test_clearing_can_be_undone(app: AppTest, astronaut: bytes, analysed: list[Frame]) -> None:
    _upload(app, ("a.jpg", astronaut))
    _button(app, "Clear all").click().run()
    assert "Photos cleared." in _texts(app)
    _button(app, "Undo").click().run()
    assert "**1 photo** · 1 face" in _texts(app)
    assert len(analysed) == 1


def test_what_is_done_stays_after_stopping(
    app: AppTest, astronaut: bytes, grace_hopper: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emotion_core.photos.analysis.BOUT_S", 0.0)
    stop_after_one = EmotionPipeline.analyze

    def analyze(self: EmotionPipeline, frame: Frame) -> FrameResult:
        _library(app).stopped = True  # what the Stop button does
        return stop_after_one(self, frame)

    monkeypatch.setattr(EmotionPipeline, "analyze", analyze)
    _upload(app, ("a.jpg", astronaut), ("b.jpg", grace_hopper))
    assert "Stopped. 1 photo not analysed." in _texts(app)
    assert "**2 photos** · 1 face" in _texts(app)
    monkeypatch.setattr(EmotionPipeline, "analyze", stop_after_one)
    _button(app, "Resume").click().run()
    assert "**2 photos** · 2 faces" in _texts(app)


def test_many_photos_come_in_pages(app: AppTest, coffee: bytes) -> None:
    # Bytes after the end of a JPEG change the digest and not the picture.
    _upload(app, *[(f"{i}.jpg", coffee + bytes([i])) for i in range(14)])
    assert "**14 photos** · no faces" in _texts(app)
    assert sum(b.label == "Details" for b in app.button) == 12


def test_a_zip_of_photos(app: AppTest, astronaut: bytes) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("trip/a.jpg", astronaut)
        archive.writestr("trip/notes.txt", b"words")
    app.file_uploader[0].set_value([("trip.zip", buffer.getvalue(), "application/zip")]).run()
    assert "**1 photo** · 1 face" in _texts(app)
    assert "trip.zip/trip/notes.txt" in _texts(app)


def test_the_table_has_a_row_per_face(app: AppTest, astronaut: bytes, coffee: bytes) -> None:
    _upload(app, ("a.jpg", astronaut), ("coffee.jpg", coffee))
    app.segmented_control(key="photo_view").set_value("Table").run()
    table = app.dataframe[0].value
    assert list(table["photo"]) == ["a.jpg"]
    assert table["crop"][0].startswith("data:image/png;base64,")
    assert table[["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]].sum(
        axis=1
    ).iloc[0] == pytest.approx(100, abs=0.1)


def test_unexpected_errors_are_words_not_traces(
    app: AppTest, astronaut: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: EmotionPipeline, frame: Frame) -> FrameResult:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(EmotionPipeline, "analyze", broken)
    _upload(app, ("a.jpg", astronaut))
    assert "could not be analysed" in _texts(app)
    assert "secret detail" not in _texts(app)


def test_without_a_model_the_page_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMOTION_LENS_MODELS", str(tmp_path))
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert not app.exception
    assert "No usable model is installed" in app.error[0].value


def test_a_model_with_a_bad_card_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "card.json").write_text(json.dumps({"schema": 1}))
    monkeypatch.setenv("EMOTION_LENS_MODELS", str(tmp_path))
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert not app.exception
    assert "Missing:" in app.error[0].value


def _keys(library: PhotoLibrary) -> set[AnalysisKey]:
    """The settings for which there are results."""
    return {key for _, key in library._results}


def _only_result(app: AppTest) -> FrameResult:
    library = _library(app)
    (result,) = [result for key in _keys(library) for _, result in library.results(key, 0.0)]
    return result


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("a%22b%22.jpg", 'a"b".jpg'),
        ("plain.jpg", "plain.jpg"),
        ("50%.jpg", "50%.jpg"),
        ("from%20the%20web%22.jpg", "from%20the%20web%22.jpg"),
    ],
)
def test_a_name_is_shown_as_on_its_owners_disk(sent: str, name: str) -> None:
    assert browser_name(sent) == name


def _jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.convert("RGB").save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def tiny_face(astronaut: bytes) -> bytes:
    """One face of 24 px in a photo of 2,500 x 1,875: lost unless it is searched thoroughly."""
    head = Image.open(io.BytesIO(astronaut)).crop((140, 20, 320, 200)).resize((40, 40))
    canvas = Image.new("RGB", (2500, 1875), (128, 128, 128))
    canvas.paste(head, (1200, 900))
    return _jpeg(canvas)


def test_a_large_photo_is_searched_closer_up_on_wish(
    app: AppTest, tiny_face: bytes, analysed: list[Frame]
) -> None:
    app.default_timeout = 300  # it takes seconds, and many where other work goes on
    _upload(app, ("large.jpg", tiny_face))
    texts = _texts(app)
    assert "**No face found**" in texts
    assert "In a photo this large, small faces are lost" in texts
    assert "A larger picture" not in texts
    _button(app, "Search thoroughly for small faces").click().run()
    assert "**1 photo** · 1 face" in _texts(app)
    assert app.selectbox(key=SMALL_FACES_KEY).value == "thorough"
    assert len(analysed) == 2
    app.selectbox(key=SMALL_FACES_KEY).set_value("off").run()
    assert "**1 photo** · no faces" in _texts(app)
    assert any(button.label == "Search small faces" for button in app.button)
    app.selectbox(key=SMALL_FACES_KEY).set_value("thorough").run()
    assert "**1 photo** · 1 face" in _texts(app)
    assert len(analysed) == 3  # going back costs nothing


def test_the_advice_fits_the_size_of_the_photo(app: AppTest, coffee: bytes) -> None:
    _upload(app, ("small.jpg", coffee))
    assert "A larger picture, or one cropped closer to the faces, helps most." in _texts(app)
    _button(app, "Clear all").click().run()
    large = Image.open(io.BytesIO(coffee)).resize((1500, 1000))
    _upload(app, ("large.jpg", _jpeg(large)))
    texts = _texts(app)
    assert "Cropping the photo closer to the faces helps most." in texts
    assert "A larger picture" not in texts


def test_the_slider_covers_the_useful_range_of_each_detector(app: AppTest) -> None:
    for info in all_detectors():
        if not info.available:
            continue
        app.selectbox(key=DETECTOR_KEY).set_value(info.name).run()
        slider = app.slider(key=min_confidence_key(info.name))
        assert slider.label == "Minimum detection confidence"
        assert (slider.min, slider.max) == (info.confidences.lowest, info.confidences.highest)
        assert slider.value == pytest.approx(info.confidences.usual, abs=0.025)


@pytest.mark.parametrize(("old", "wanted"), [(0.3, "lowest"), (0.99, "highest")])
def test_a_value_outside_the_range_is_moved_and_told(old: float, wanted: str) -> None:
    info = all_detectors()[0]
    key = min_confidence_key(info.name)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.session_state[DETECTOR_KEY] = info.name
    app.session_state[key] = old
    app.switch_page("pages/photos.py").run()
    assert not app.exception
    assert app.slider(key=key).value == getattr(info.confidences, wanted)
    assert f"{old:.0%}".replace("%", " % was asked for. ") + info.title in _texts(app)
    app.toggle(key=BLUR_KEY).set_value(True).run()
    assert "was asked for" in _texts(app)
    app.slider(key=key).set_value(info.confidences.usual).run()
    assert "was asked for" not in _texts(app)
    assert not app.exception


def test_the_lowest_confidence_that_is_offered_finds_no_cup(app: AppTest, coffee: bytes) -> None:
    _upload(app, ("coffee.jpg", coffee))
    lower = next(b for b in app.button if b.label.startswith("Minimum detection confidence "))
    lower.click().run()
    assert "**1 photo** · no faces" in _texts(app)
    assert not any(b.label.startswith("Minimum detection confidence ") for b in app.button)
