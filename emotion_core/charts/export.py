"""Charts as files: SVG and PNG, drawn without a browser."""

from typing import Any

import altair as alt

from emotion_core.errors import OutputError

#: A file leaves the page's theme: it is drawn dark on white, for documents.
_WIDTH_PX = 900
_TEXT, _GRID = "#23272E", "#E3E5E8"


def chart_svg(chart: alt.TopLevelMixin, *, width_px: int = _WIDTH_PX) -> bytes:
    """A chart as SVG.

    Raises:
        OutputError: the package that draws it is not installed.
    """
    svg: str = _converter().vegalite_to_svg(_standalone(chart, width_px))
    return svg.encode()


def chart_png(chart: alt.TopLevelMixin, *, width_px: int = _WIDTH_PX, scale: float = 2.0) -> bytes:
    """A chart as PNG of ``scale`` pixels per chart pixel.

    Raises:
        OutputError: the package that draws it is not installed.
    """
    png: bytes = _converter().vegalite_to_png(_standalone(chart, width_px), scale=scale)
    return png


def _converter() -> Any:
    try:
        import vl_convert
    except ImportError as error:
        raise OutputError(
            "Pictures of charts need the package vl-convert-python. Install it with "
            "`pip install -r requirements.txt`; CSV works without it."
        ) from error
    return vl_convert


def _standalone(chart: alt.TopLevelMixin, width_px: int) -> dict[str, Any]:
    """The chart's document with a width, a white ground and colours of its own."""
    spec: dict[str, Any] = chart.to_dict()
    for part in spec.get("vconcat", [spec]):
        part["width"] = width_px
    words = {"labelColor": _TEXT, "titleColor": _TEXT}
    config = spec.setdefault("config", {})
    config.update(
        font="sans-serif",
        axis={**words, "gridColor": _GRID},
        legend=words,
        title={"color": _TEXT},
    )
    spec["background"] = "#FFFFFF"
    spec["padding"] = 16
    return spec
