"""A report as one file of HTML: nothing in it is fetched from anywhere, nothing in it runs."""

import base64
from collections.abc import Iterable
from html import escape

from emotion_core.charts.export import chart_svg
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
from emotion_core.reports.documents.words import unbroken

_STYLE = """
:root { color-scheme: light; }
body { margin: 0; background: #fff; color: #23272e;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", Arial, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.4rem 0 .6rem; padding-top: .8rem;
  border-top: 1px solid #e3e5e8; overflow-wrap: anywhere; }
p, li { max-width: 46rem; overflow-wrap: anywhere; }
.quiet, figcaption, .note { color: #5d6470; font-size: .87rem; }
.warning { border-left: 4px solid #d55e00; padding: .3rem .8rem; background: #fdf3ec; }
dl.facts { display: flex; flex-wrap: wrap; gap: .8rem 2.2rem; margin: 1.4rem 0; }
dl.facts dt { color: #5d6470; font-size: .87rem; }
dl.facts dd { margin: 0; font-size: 1.35rem; }
dl.facts small { display: block; color: #5d6470; font-size: .8rem; }
figure { margin: 1.2rem 0; overflow-x: auto; }
figure img { max-width: max(100%, 34rem); height: auto; display: block; }
figcaption { margin-top: .3rem; max-width: 46rem; }
.scroll { overflow-x: auto; margin: 1.1rem 0 .3rem; }
table { border-collapse: collapse; width: 100%; font-size: .87rem;
  font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding-bottom: .3rem; }
th { text-align: left; font-weight: 600; border-bottom: 1.5px solid #23272e;
  vertical-align: bottom; }
td { border-bottom: 1px solid #e3e5e8; }
th, td { padding: .28rem .6rem .28rem 0; }
th.n, td.n { text-align: right; white-space: nowrap; }
footer { margin-top: 3rem; color: #5d6470; font-size: .8rem; }
@media print { main { max-width: none; padding: 0; } h2, caption { break-after: avoid; }
  figure, tr { break-inside: avoid; } .scroll { overflow: visible; } }
"""
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def to_html(document: Document) -> bytes:
    """A report as HTML. Charts stand in it as pictures (SVG) with a text for who cannot see them.

    Raises:
        OutputError: the package that draws charts is not installed.
    """
    body = "\n".join(_block(block) for block in document.blocks)
    title = escape(document.title)
    text = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="generator" content="{escape(document.author)}">
<title>{title}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p class="quiet">{escape(document.subtitle)} · {escape(document.created)}</p>
{body}
<footer>{escape(document.author)} · {escape(document.created)}</footer>
</main>
</body>
</html>
"""
    return text.encode("utf-8", "replace")


def _block(block: Block) -> str:
    match block:
        case Heading():
            return f"<h2>{escape(block.text)}</h2>"
        case Text():
            kind = "warning" if block.warning else "quiet" if block.quiet else ""
            mark = f' class="{kind}"' if kind else ""
            sign = "<strong>Note.</strong> " if block.warning else ""
            return f"<p{mark}>{sign}{escape(unbroken(block.text))}</p>"
        case Points():
            return (
                f"<ul>{''.join(f'<li>{escape(unbroken(item))}</li>' for item in block.items)}</ul>"
            )
        case Facts():
            cells = (
                f"<div><dt>{escape(label)}</dt><dd>{escape(value)}"
                f"<small>{escape(note)}</small></dd></div>"
                for label, value, note in block.items
            )
            return f'<dl class="facts">{"".join(cells)}</dl>'
        case Table():
            return _table(block)
        case Figure():
            return _figure(block)


def _table(table: Table) -> str:
    def row(cells: Iterable[str], tag: str) -> str:
        scope = ' scope="col"' if tag == "th" else ""
        return "".join(
            f"<{tag}{scope}{_right(table, i)}>{escape(cell)}</{tag}>"
            for i, cell in enumerate(cells)
        )

    caption = f"<caption>{escape(table.caption)}</caption>" if table.caption else ""
    body = "".join(f"<tr>{row(cells, 'td')}</tr>" for cells in table.rows)
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    return (
        f'<div class="scroll"><table>{caption}<thead><tr>{row(table.columns, "th")}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{note}"
    )


def _right(table: Table, column: int) -> str:
    return ' class="n"' if column in table.numbers else ""


def _figure(figure: Figure) -> str:
    # As a picture, not inline: names within one chart cannot meet those of another, and nothing
    # in it can act.
    picture = base64.b64encode(chart_svg(figure.chart, width_px=figure.width_px)).decode("ascii")
    return (
        f'<figure><img src="data:image/svg+xml;base64,{picture}" alt="{escape(figure.alt_text)}">'
        f"<figcaption>{escape(figure.caption)}</figcaption></figure>"
    )
