"""A page under axe-core, light and dark, on a desk and on a phone.

What axe-core passes over, the words in charts and chosen answers, is measured here.
"""

from dataclasses import dataclass
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect


@dataclass(frozen=True, slots=True)
class Streamlits:
    """What Streamlit draws in a way that neither an option nor CSS changes."""

    rule: str
    selector: str
    why: str


#: One entry as narrow as possible each; test_accessibility_e2e.py fails if one is not needed.
NOT_OURS = (
    Streamlits(
        "presentation-role-conflict",
        'section[data-testid="stFileUploaderDropzone"]',
        "The drop zone has a label and the role 'presentation'; the button inside is named well.",
    ),
)
# On a busy machine Streamlit fades what it redraws just now; that is judged as it will stand.
_NOT_FADING = "[data-stale] { opacity: 1 !important; transition: none !important; }"

needed: set[Streamlits] = set()

_DESK, _PHONE = (1440, 900), (390, 844)
_LOOKS = (("light", _DESK), ("dark", _PHONE))

# Of each word in a chart that stands on the page rather than on a strong cell, and of each chosen
# answer of a multiselect.
_PALE_WORDS = """() => {
  const context = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const paper = getComputedStyle(document.body).backgroundColor;
  const light = (colours) => {
    context.clearRect(0, 0, 1, 1);
    for (const [colour, opacity] of colours) {
      context.globalAlpha = opacity;
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
    }
    const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map((value) => {
      const part = value / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  };
  const words = [...document.querySelectorAll('[data-testid=stVegaLiteChart] svg text')]
    .filter((word) => word.textContent && word.getAttribute('fill') !== '#FFFFFF')
    // Words of an axis for which there is no room are there and not seen.
    .filter((word) => getComputedStyle(word).opacity !== '0')
    .map((word) => [word, paper, getComputedStyle(word).fill]);
  for (const tag of document.querySelectorAll('[data-testid=stMultiSelect] [data-tag]')) {
    words.push([tag, getComputedStyle(tag).backgroundColor, getComputedStyle(tag).color]);
  }
  return words.map(([word, ground, colour]) => {
    const { opacity, fillOpacity } = getComputedStyle(word);
    const a = light([[ground, 1], [colour, opacity * fillOpacity]]);
    const b = light([[ground, 1]]);
    return [Math.max(a, b) / Math.min(a, b), word.textContent];
  })
    .filter(([contrast]) => contrast < 4.5)
    .map(([contrast, text]) => `${text}: ${contrast.toFixed(2)}`);
}"""


def settle(page: Page) -> None:
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)


def _is_streamlits(page: Page, rule: str, target: list[Any]) -> bool:
    for entry in NOT_OURS:
        if entry.rule != rule or not isinstance(target[0], str):
            continue
        if page.locator(target[0]).first.evaluate("(e, s) => e.matches(s)", entry.selector):
            needed.add(entry)
            return True
    return False


def _violations(page: Page) -> list[str]:
    settle(page)
    answer = Axe().run(page, options={"resultTypes": ["violations"]}).response
    found = [
        f"{violation['id']}: {node['html'][:200]} ({node['failureSummary']})"
        for violation in answer["violations"]
        for node in violation["nodes"]
        if not _is_streamlits(page, violation["id"], node["target"])
    ]
    return found + [f"pale words: {word}" for word in page.evaluate(_PALE_WORDS)]


def assert_accessible(page: Page) -> None:
    """In both themes and on a phone; a theme's colours do not depend on the width."""
    found: dict[str, list[str]] = {}
    page.add_style_tag(content=_NOT_FADING)
    for scheme, (width, height) in _LOOKS:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": height})
        dark = "true" if scheme == "dark" else "false"
        page.wait_for_function(
            "getComputedStyle(document.querySelector('.stApp')).colorScheme === "
            f"({dark} ? 'dark' : 'light')"
        )
        page.wait_for_timeout(300)  # charts are drawn anew
        if violations := _violations(page):
            found[f"{scheme}, {width} px"] = violations
    assert found == {}
