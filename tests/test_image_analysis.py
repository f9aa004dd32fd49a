"""``analyze``, as the examples call it: every form of picture gives the same answer."""

import doctest
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skimage.data
from PIL import Image

import emotion_core
from emotion_core import EmotionPipeline, analyze, image_analysis, load_model
from emotion_core.cli import main
from emotion_core.errors import ImageError, ModelError

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def party(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with party.jpg (one smiling face) and notes.txt, as the current one."""
    Image.fromarray(skimage.data.astronaut()).save(tmp_path / "party.jpg", quality=95)
    (tmp_path / "notes.txt").write_text("Remember the milk.", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "party.jpg"


@pytest.mark.usefixtures("party")
def test_the_example_of_the_docstring() -> None:
    example = doctest.DocTestParser().get_doctest(
        analyze.__doc__ or "", {}, "analyze", image_analysis.__file__, 0
    )
    assert len(example.examples) >= 7
    assert doctest.DocTestRunner().run(example).failed == 0


@pytest.mark.usefixtures("party")
def test_the_example_of_the_readme(capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (program,) = [
        block.partition("```")[0]
        for block in text.split("```python\n")[1:]
        if "import analyze\n" in block
    ]
    exec(program, {})
    assert "happy" in capsys.readouterr().out


def test_every_form_of_a_picture_gives_the_same_scores(party: Path) -> None:
    pipeline = EmotionPipeline.load()
    pillow = Image.open(party)
    bgr = np.asarray(pillow.convert("RGB"))[..., ::-1]
    forms = [party, str(party), party.read_bytes(), bgr, np.ascontiguousarray(bgr), pillow]
    analysis = analyze(forms, pipeline=pipeline)
    first = analysis[0].result.scores.probabilities
    for image in analysis:
        np.testing.assert_array_equal(image.result.scores.probabilities, first)
    assert [image.source for image in analysis][2:] == [f"picture {n}" for n in (3, 4, 5, 6)]
    for form in forms:
        assert len(analyze(form, pipeline=pipeline)) == 1


def test_a_turned_pillow_image_is_read_upright(party: Path) -> None:
    upright = Image.open(party).convert("RGB")
    exif = Image.Exif()
    exif[274] = 6
    file = io.BytesIO()
    upright.rotate(90, expand=True).save(file, "PNG", exif=exif)
    turned = image_analysis.to_image(Image.open(file))
    np.testing.assert_array_equal(turned, image_analysis.to_image(upright))
    np.testing.assert_array_equal(turned, image_analysis.to_image(file.getvalue()))


def test_forms_are_those_of_the_command_line(
    party: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    analysis = analyze(["party.jpg", "notes.txt"], model="compact", detector="mtcnn")
    paths = ["party.jpg", "notes.txt", "--model", "compact", "--detector", "mtcnn"]
    assert main(["analyze", *paths]) == 1
    document = json.loads(capfdbinary.readouterr().out)
    assert json.loads(json.dumps(analysis.to_dict())) == document
    assert main(["analyze", *paths, "--output", "faces.csv"]) == 1
    csv = pd.read_csv(party.parent / "faces.csv")
    pd.testing.assert_frame_equal(csv, analysis.to_frame(), check_dtype=False)
    assert document["errors"][0]["source"] == "notes.txt"


def test_a_source_alone_raises(party: Path) -> None:
    with pytest.raises(ImageError, match=r"not an image: notes\.txt"):
        analyze("notes.txt")
    with pytest.raises(ImageError, match="cannot be read: missing"):
        analyze(party.parent / "missing.jpg")
    with pytest.raises(ImageError, match="truncated or damaged: picture 1"):
        analyze(Image.open(io.BytesIO(party.read_bytes()[:9000])))


def test_no_face_is_an_empty_result() -> None:
    analysis = analyze(np.zeros((80, 60, 3), np.uint8))
    assert len(analysis[0].result) == 0
    frame = analysis.to_frame()
    assert len(frame) == 0
    assert {"source", "face", "emotion", "happy", "model"} <= set(frame.columns)
    assert len(analyze([])) == 0


def test_options_reach_the_pipeline(party: Path) -> None:
    opened = load_model("compact")
    analysis = analyze(party, model=opened, threshold=1.0, min_confidence=0.5, small_faces="off")
    assert analysis.model == "compact"
    assert analysis[0].result.decisions.uncertain.all()
    with pytest.raises(ModelError, match="No model 'nobody'"):
        analyze(party, model="nobody")
    with pytest.raises(ValueError, match="'tiny' is not a valid SmallFaces"):
        analyze(party, small_faces="tiny")
    pipeline = EmotionPipeline.load(opened)
    with pytest.raises(ValueError, match="no other options beside it"):
        analyze(party, pipeline=pipeline, threshold=0.5)


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (np.zeros((8, 8), np.uint8), ValueError),
        (np.zeros((8, 8, 3), np.float32), ValueError),
        ([12], TypeError),
        ([["party.jpg"]], TypeError),
    ],
)
def test_what_is_no_picture_is_refused(source, error: type[Exception]) -> None:
    with pytest.raises(error, match="wanted"):
        analyze(source)


def test_importing_the_package_imports_nothing_else() -> None:
    program = (
        "import sys; before = set(sys.modules); import emotion_core; "
        "print(sorted(set(sys.modules) - before))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ended.stdout.strip() == "['emotion_core']"


def test_names_at_the_top() -> None:
    assert {"analyze", "EmotionPipeline", "load_model"} <= set(dir(emotion_core))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        emotion_core.nonsense  # noqa: B018
