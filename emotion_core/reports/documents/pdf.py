"""A report as PDF, by ReportLab: no browser is needed where it is made."""

import io
from collections.abc import Sequence
from typing import Any

from emotion_core.charts.export import chart_png
from emotion_core.extras import need
from emotion_core.reports.documents.blocks import (
    Block,
    Document,
    Facts,
    Figure,
    Heading,
    Points,
    Table,
    Text,
)
from emotion_core.reports.documents.fonts import BODY, BOLD, Fonts, load_fonts, marked
from emotion_core.reports.documents.words import unbroken

_INK, _QUIET, _LINE, _PALE = "#23272E", "#5D6470", "#D9DCE0", "#FDF3EC"
_MARGIN_MM = 18
# A longer table may be parted between its rows.
_KEPT_ROWS = 12
_SCALE = 2.2  # of charts: 200 dots per inch at the width of the page
_LEAST_SCALE = 0.66
_TALLEST = 640.0  # of a page's 740, with the caption
_BESIDE_FIGURE = 48.0  # a caption of three lines


def to_pdf(document: Document) -> bytes:
    """A report as PDF on A4, with page numbers and embedded fonts.

    Raises:
        MissingExtraError: ReportLab is not installed.
        OutputError: the package that draws charts is not installed.
    """
    need("reportlab", "A PDF report")
    need("vl_convert", "A PDF report")
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

    fonts = load_fonts()
    buffer = io.BytesIO()
    margin = _MARGIN_MM * mm
    template = BaseDocTemplate(
        buffer, pagesize=A4, leftMargin=margin, rightMargin=margin, topMargin=margin,
        bottomMargin=margin, title=document.title, author=document.author,
        subject=document.subtitle, creator="Emotion Lens", lang="en", invariant=True,
    )  # fmt: skip
    frame = Frame(margin, margin, template.width, template.height, 0, 0, 0, 0)
    template.addPageTemplates(PageTemplate(frames=[frame], pagesize=A4))
    layout = _Layout(fonts, template.width)
    template.build(
        layout.flowables(document), canvasmaker=_numbered_canvas(document, fonts, margin)
    )
    return buffer.getvalue()


class _Layout:
    """Turns blocks into ReportLab's flowables."""

    def __init__(self, fonts: Fonts, width: float) -> None:
        from reportlab.lib.styles import ParagraphStyle

        self._fonts, self._width = fonts, width
        base = ParagraphStyle("text", fontName=BODY, fontSize=9, leading=13, textColor=_INK)
        self._styles = {
            "text": ParagraphStyle("t", base, spaceAfter=5),
            "title": ParagraphStyle("h1", base, fontName=BOLD, fontSize=20, leading=25),
            "heading": ParagraphStyle(
                "h2", base, fontName=BOLD, fontSize=12.5, leading=16, spaceBefore=16, spaceAfter=6
            ),
            "quiet": ParagraphStyle(
                "q", base, fontSize=7.8, leading=11, textColor=_QUIET, spaceAfter=6
            ),
            "warning": ParagraphStyle(
                "w", base, backColor=_PALE, borderPadding=(4, 6, 4, 6), spaceBefore=6,
                spaceAfter=10, leftIndent=6, rightIndent=6,
            ),
            "point": ParagraphStyle("p", base, leftIndent=10, bulletIndent=1, spaceAfter=3),
            "caption": ParagraphStyle(
                "c", base, fontName=BOLD, fontSize=8.6, leading=12, spaceBefore=10, spaceAfter=3
            ),
            "cell": ParagraphStyle("d", base, fontSize=7.2, leading=9.2),
            "number": ParagraphStyle("n", base, fontSize=7.2, leading=9.2, alignment=2),
            "head": ParagraphStyle("h", base, fontName=BOLD, fontSize=7.2, leading=9.2),
            "headnumber": ParagraphStyle(
                "hn", base, fontName=BOLD, fontSize=7.2, leading=9.2, alignment=2
            ),
            "label": ParagraphStyle("l", base, fontSize=7.4, leading=9.5, textColor=_QUIET),
            "value": ParagraphStyle("v", base, fontSize=13, leading=16),
        }  # fmt: skip

    def flowables(self, document: Document) -> list[Any]:
        """All of a report, its title first."""
        from reportlab.platypus import CondPageBreak, KeepTogether, Spacer

        parts = [
            self._paragraph(document.title, "title"),
            self._paragraph(f"{document.subtitle} · {document.created}", "quiet"),
            Spacer(1, 6),
        ]
        held: list[Any] = []  # a heading stays with what follows it
        for block in document.blocks:
            kept, rest = self._block(block)
            if isinstance(block, Heading) or (isinstance(block, Text) and block.lead):
                held += kept
                continue
            if isinstance(block, Figure):
                # A little smaller rather than on a page of its own.
                least = _LEAST_SCALE * kept[1].full_height + _BESIDE_FIGURE * (1 + len(held))
                parts += [CondPageBreak(least), *held, *kept]
            else:
                # Flat: what is kept together within that begins a page of its own.
                parts += [KeepTogether([*held, *kept]), *rest]
            held = []
        return [*parts, *held]

    def _block(self, block: Block) -> tuple[list[Any], list[Any]]:
        """Flowables that must not be parted, and those that follow."""
        match block:
            case Heading():
                return [self._paragraph(block.text, "heading")], []
            case Text():
                if block.warning:
                    return [self._paragraph(f"Note. {block.text}", "warning")], []
                return [self._paragraph(block.text, "quiet" if block.quiet else "text")], []
            case Points():
                made = [self._paragraph(item, "point", bullet="•") for item in block.items]
                return made[:1], made[1:]
            case Facts():
                return [self._facts(block)], []
            case Table():
                return self._table(block)
            case Figure():
                return self._figure(block), []

    def _paragraph(self, text: str, style: str, bullet: str | None = None) -> Any:
        from reportlab.platypus import Paragraph

        return Paragraph(
            marked(unbroken(text), self._fonts), self._styles[style], bulletText=bullet
        )

    def _facts(self, facts: Facts) -> Any:
        from reportlab.platypus import Table as PdfTable

        cells = [
            [
                self._paragraph(label, "label"),
                self._paragraph(value, "value"),
                self._paragraph(note, "label"),
            ]
            for label, value, note in facts.items
        ]
        each = self._width / max(1, len(cells))
        return PdfTable(
            [cells], colWidths=[each] * len(cells), hAlign="LEFT",
            style=[("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0),
                   ("BOTTOMPADDING", (0, 0), (-1, -1), 8)],
        )  # fmt: skip

    def _table(self, table: Table) -> tuple[list[Any], list[Any]]:
        from reportlab.platypus import CondPageBreak, Spacer
        from reportlab.platypus import Table as PdfTable

        def cells(row: Sequence[str], text: str, number: str) -> list[Any]:
            return [
                self._paragraph(cell, number if i in table.numbers else text)
                for i, cell in enumerate(row)
            ]

        rows = [cells(table.columns, "head", "headnumber")]
        rows += [cells(row, "cell", "number") for row in table.rows]
        weights = table.weights or (1.0,) * len(table.columns)
        widths = [self._width * weight / sum(weights) for weight in weights]
        made = PdfTable(
            rows, colWidths=widths, repeatRows=1, hAlign="LEFT",
            style=[
                ("LINEBELOW", (0, 0), (-1, 0), 0.9, _INK),
                ("LINEBELOW", (0, 1), (-1, -1), 0.35, _LINE),
                ("VALIGN", (0, 0), (-1, 0), "BOTTOM"), ("VALIGN", (0, 1), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 5),
                ("TOPPADDING", (0, 0), (-1, -1), 2), ("BOTTOMPADDING", (0, 0), (-1, -1), 2.4),
            ],
        )  # fmt: skip
        caption = [self._paragraph(table.caption, "caption")] if table.caption else []
        note = [self._paragraph(table.note, "quiet")] if table.note else []
        if len(table.rows) <= _KEPT_ROWS:
            return [*caption, made, Spacer(1, 4), *note], []
        return [CondPageBreak(120), *caption], [made, Spacer(1, 4), *note]

    def _figure(self, figure: Figure) -> list[Any]:
        from reportlab.platypus import Spacer

        png = chart_png(figure.chart, width_px=figure.width_px, scale=_SCALE)
        width = min(self._width, self._width * figure.width_px / 760)
        caption = self._paragraph(figure.caption, "quiet")
        return [Spacer(1, 6), _picture(png, width), caption]


def _picture(png: bytes, width: float) -> Any:
    """A picture that shrinks, down to ``_LEAST_SCALE``, to what is left of a page."""
    from reportlab.platypus import Image

    class Picture(Image):  # type: ignore[misc]
        full_height = 0.0

        def wrap(self, wide: float, high: float) -> tuple[float, float]:
            room = max(high - _BESIDE_FIGURE, _LEAST_SCALE * self.full_height)
            scale = min(1.0, room / self.full_height, wide / width)
            self.drawWidth, self.drawHeight = width * scale, self.full_height * scale
            return self.drawWidth, self.drawHeight

    picture = Picture(io.BytesIO(png), hAlign="LEFT")
    height = width * picture.imageHeight / picture.imageWidth
    if height > _TALLEST:
        width, height = width * _TALLEST / height, _TALLEST
    picture.full_height = height
    return picture


def _numbered_canvas(document: Document, fonts: Fonts, margin: float) -> Any:
    """A canvas that writes "2 of 5" on each page, which is known only at the end."""
    from reportlab.pdfgen.canvas import Canvas

    # A canvas knows one font per string, so what Vera lacks is left out of the foot.
    title = "".join(c if fonts.name_for(c) == BODY else "?" for c in document.title)
    foot = f"{title[:80]} · {document.created}"

    class NumberedCanvas(Canvas):  # type: ignore[misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 (ReportLab's name)
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self._pages, start=1):
                self.__dict__.update(page)
                self.setFont(BODY, 7)
                self.setFillColor(_QUIET)
                self.drawString(margin, margin * 0.55, foot)
                right = self._pagesize[0] - margin
                self.drawRightString(right, margin * 0.55, f"{number} of {len(self._pages)}")
                super().showPage()
            super().save()

    return NumberedCanvas
