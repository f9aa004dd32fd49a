"""Reports: what they say, one file of HTML that fetches nothing, a PDF that others can read."""

import base64
import importlib.util
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pypdfium2
import pytest

from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.emotions import Emotion
from emotion_core.errors import MissingExtraError, ReportError
from emotion_core.reports.agreement.codings import Code, Coding
from emotion_core.reports.agreement.judging import agree
from emotion_core.reports.baseline import subtract_baselines
from emotion_core.reports.comparison import compare
from emotion_core.reports.curves import aligned_curves
from emotion_core.reports.documents.blocks import Document, Figure, Points, Table, Text
from emotion_core.reports.documents.content import build_report
from emotion_core.reports.documents.fonts import BODY, load_fonts, marked
from emotion_core.reports.documents.html import to_html
from emotion_core.reports.documents.methods import method_text
from emotion_core.reports.documents.model_facts import find_card, model_blocks
from emotion_core.reports.documents.pdf import to_pdf
from emotion_core.reports.documents.words import figure, interval, p_value, seconds
from emotion_core.reports.statistics import person_statistics
from emotion_core.video.markers import Marker
from tests.reports.sessions import mixture, session, two_people
from tests.video.tables import happy

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
BAD_NAME = "<script>alert(1)</script> Ωμ 山 \u202e"


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Document:
    """A report with everything that a report may hold."""
    folder = tmp_path_factory.mktemp("full")
    first = session(
        folder, two_people(), names=[BAD_NAME, "Ben"], name="Film & <i>", group="A",
        notes="Window open.", markers=[Marker("a", 1, None, "clap"), Marker("b", 2, 6, "scene")],
    )  # fmt: skip
    others = [
        session(folder, mixture(50, n), id=f"s{n}", names=[f"P{n}"], group=group)
        for n, group in ((10, "A"), (15, "A"), (30, "B"), (40, "B"))
    ]
    sessions = [first, *others]
    comparison = compare(person_statistics(sessions))
    curves = {"Percent of length": aligned_curves(sessions, align="percent", step=10)}
    coded = [Emotion.HAPPY] * 5 + [Emotion.SAD] * 4
    codes = Coding(tuple(Code(i, i + 1, e, "Ben") for i, e in enumerate(coded)))
    return build_report(
        sessions, created=NOW, comparisons=[comparison], curves=curves,
        agreements={first.name: agree(first, codes)},
    )  # fmt: skip


def words(document: Document) -> str:
    """All that a report says."""
    found: list[str] = [document.title]
    for block in document.blocks:
        found += [str(getattr(block, name, "")) for name in ("text", "caption", "note")]
        found += [*getattr(block, "items", ())] if isinstance(block, Points) else []
        found += [" ".join(row) for row in getattr(block, "rows", ())]
    return "\n".join(found)


def test_a_report_has_its_sections_in_order(full: Document) -> None:
    headings = [b.text for b in full.blocks if type(b).__name__ == "Heading"]
    assert headings == [
        "Comparison: share of time", "Expressions", "Over time", "Intervals",
        "Agreement with people: Film & <i>", "Model, and how sure it is", "Method", "Limits",
        "What was read",
    ]  # fmt: skip
    said = words(full)
    for part in ("permutation", "Cohen's kappa", "not what a person feels", "Hedges' g", "scene",
                 "clap (1.0 s)", "abababab…", "Window open."):  # fmt: skip
        assert part in said, part


def test_figures_of_a_report_are_those_of_the_statistics(tmp_path: Path) -> None:
    one = session(tmp_path, two_people(), names=["Ann"])
    report = build_report([one], created=NOW)
    table = next(b for b in report.blocks if isinstance(b, Table) and b.caption.startswith("Ann"))
    assert table.caption == "Ann: 10.0 s seen, worth 2 independent moments"
    row = dict(zip(table.columns, table.rows[3], strict=True))
    assert row["Expression"] == "happy"
    assert row["Share (95 % interval)"].startswith("50 % (")
    assert (row["Time"], row["Onsets"], row["Longest"]) == ("5.0 s", "1", "5.0 s")


class Reader(HTMLParser):
    """Notes what a page fetches, runs and shows."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_html_is_one_file_in_which_nothing_runs(full: Document) -> None:
    page = to_html(full).decode()
    reader = Reader()
    reader.feed(page)
    tags = {tag for tag, _ in reader.tags}
    assert not tags & {"script", "link", "iframe", "object", "form", "i"}
    assert "&lt;script&gt;alert(1)" in page
    for _, attributes in reader.tags:
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("src") or "data:image/svg+xml").startswith("data:image/svg+xml")
        assert not attributes.get("href")
    images = [attributes for tag, attributes in reader.tags if tag == "img"]
    assert len(images) == sum(isinstance(b, Figure) for b in full.blocks)
    assert all(len(str(image["alt"])) > 20 for image in images)
    tables = sum(isinstance(b, Table) for b in full.blocks)
    assert sum(tag == "table" for tag, _ in reader.tags) == tables
    assert all(attributes.get("scope") == "col" for tag, attributes in reader.tags if tag == "th")


def test_charts_of_the_page_are_whole_pictures(full: Document) -> None:
    pictures = re.findall(r"data:image/svg\+xml;base64,([^\"]+)", to_html(full).decode())
    for picture in pictures:
        root = ElementTree.fromstring(base64.b64decode(picture))
        assert root.tag.endswith("svg")
        assert b"http-equiv" not in base64.b64decode(picture)
        assert len(list(root.iter())) > 20


def pages(pdf: bytes) -> Iterator[str]:
    document = pypdfium2.PdfDocument(pdf)
    for page in document:
        yield page.get_textpage().get_text_bounded()
    document.close()


def test_a_pdf_can_be_read_by_others(full: Document) -> None:
    pdf = to_pdf(full)
    texts = list(pages(pdf))
    assert 3 <= len(texts) <= 12
    for number, text in enumerate(texts, start=1):
        assert f"{number} of {len(texts)}" in text
        assert len(text) > 100  # no page is left empty
    said = "\n".join(texts)
    assert "<script>alert(1)</script>" in said  # as text
    assert "What was read" in said
    assert "Film & <i>" in said
    opened = pypdfium2.PdfDocument(pdf)
    assert opened.get_metadata_dict()["Title"] == "5 sessions"
    first = opened[0].render(scale=0.5).to_numpy()
    assert (first < 200).mean() > 0.01  # something is drawn
    opened.close()


def test_the_same_report_gives_the_same_pdf(tmp_path: Path) -> None:
    report = build_report([session(tmp_path, mixture(30, 15))], created=NOW)
    assert to_pdf(report) == to_pdf(report)


def test_a_table_of_many_rows_goes_over_several_pages() -> None:
    rows = tuple((f"row {i}", "x" * 30) for i in range(150))
    long = Document("T", "s", "c", [Table(("a", "b"), rows, caption="Long")])
    texts = list(pages(to_pdf(long)))
    assert len(texts) >= 3
    assert all(f"row {i}" in "".join(texts) for i in range(150))
    wide = Document("T", "s", "c", [Text("w" * 5_000), Table(("a",), (("v" * 900,),))])
    assert list(pages(to_pdf(wide)))


def test_letters_of_other_scripts_get_a_font_or_a_question_mark() -> None:
    fonts = load_fonts()
    assert marked("Äé – · “x” ±", fonts) == "Äé – · “x” ±"
    assert 'font name="HeiseiKakuGo-W5"' in marked("あ", fonts)
    assert marked("<b>&", fonts) == "&lt;b&gt;&amp;"
    assert marked("\U000e0001", fonts) == "?"
    assert fonts.name_for("a") == BODY


def test_photos_nobody_and_a_resting_face(tmp_path: Path) -> None:
    photos = build_report([session(tmp_path, [[happy()]] * 3, kind="photos")], created=NOW)
    assert "Photos have no time" in words(photos)
    assert not any(isinstance(b, Table) and "Onsets" in b.columns for b in photos.blocks)
    nobody = build_report([session(tmp_path, [[], []])], created=NOW)
    assert "No face was found." in words(nobody)
    rest = subtract_baselines(session(tmp_path, two_people()), {1: (0, 2)})
    said = build_report([rest], created=NOW)
    assert "Person 1 in s1.mp4, 0.0 s to 2.0 s" in words(said)
    for document in (photos, nobody, said):
        assert to_html(document)
        assert to_pdf(document).startswith(b"%PDF")
    with pytest.raises(ReportError, match="at least one session"):
        build_report([], created=NOW)


def test_how_sure_the_model_is_comes_from_its_card(tmp_path: Path) -> None:
    card = ModelRegistry().card("flagship")
    metadata = {"model": {"name": "flagship", "sha256": card.files["model.tflite"]}}
    found = find_card(metadata)
    assert found is not None
    said = words(Document("", "", "", model_blocks(metadata, found)))
    test = card.metrics["test"]
    assert f"{test['n']:,} photographs" in said
    assert f"{test['accuracy'] * 100:.1f} %" in said
    assert find_card({"model": {"name": "flagship", "sha256": "0" * 64}}) is None
    assert find_card({"model": {"name": "nobody", "sha256": "0" * 64}}) is None
    assert find_card({}) is None
    unknown = words(Document("", "", "", model_blocks({}, None)))
    assert "Its card is not at hand" in unknown


def test_the_method_names_what_was_done() -> None:
    text = method_text({"options": {"every_s": 0.2, "threshold": 0.4, "half_life_s": 0.5}})
    assert "every 0.2 s" in text
    assert "below 0.4" in text
    assert "permutation" not in text
    assert "permutation" in method_text({}, compared=True)
    assert "ICC(A,1)" in method_text({}, agreed=True)


def test_without_the_extra_there_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = build_report([session(tmp_path, mixture(10, 5))], created=NOW)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r'pip install "emotion-lens\[reports\]"'):
        to_pdf(report)


def test_numbers_in_words() -> None:
    nan = float("nan")
    assert [seconds(v) for v in (4.25, 61, 3725, nan)] == ["4.2 s", "1:01", "1:02:05", ""]
    assert [p_value(v) for v in (0.0312, 0.0001, nan)] == ["0.031", "<0.001", ""]
    assert interval(-0.5, -1, 0.25) == "−0.50 (−1.00 to 0.25)"
    assert interval(0.5, nan, nan) == "0.50"
    assert figure(nan, 1) == ""


def test_cells_must_fit_the_columns() -> None:
    with pytest.raises(ValueError, match="wanted 2 cells each"):
        Table(("a", "b"), (("1",),))


def test_people_of_one_name_in_two_sessions_have_a_bar_each(tmp_path: Path) -> None:
    two = [
        session(tmp_path, mixture(20, n), id=f"s{n}", name="Film", names=["Ann"]) for n in (5, 15)
    ]
    report = build_report(two, created=NOW)
    tables = [b for b in report.blocks if getattr(b, "caption", "").startswith("Film · Ann")]
    assert len(tables) == 2
