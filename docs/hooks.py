"""What MkDocs does beside its own work: see ``mkdocs.yml``.

The pages link to files of the repository (``../benchmarks/README.md``), so that they can be read on
a code host too. Some of these files become pages of the site, and links to them lead there; of
links to others the words stay. The table of the models comes from their cards.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from emotion_core.classifiers.registry import ModelRegistry
from emotion_core.cli.models import markdown_table
from emotion_core.paths import shipped_models_folder

ROOT = Path(__file__).resolve().parents[1]
#: {file of the repository: page of the site}.
PAGES = {
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "benchmarks/README.md": "measured/benchmarks.md",
    "benchmarks/experiments.md": "measured/experiments.md",
    **{
        f"models/{folder.name}/README.md": f"measured/{folder.name}.md"
        for folder in sorted(shipped_models_folder().iterdir())
        if (folder / "README.md").is_file()
    },
}
MODEL_TABLE = "<!-- the table of models -->"

_MARK = ROOT / "pages" / "parts" / "common" / "icon.svg"
_ORIGIN = {page: file for file, page in PAGES.items()}
_LINK = re.compile(r"(?P<image>!?)\[(?P<words>[^\]]*)\]\((?P<target>[^)\s]+)\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Makes pages of files that stand outside the folder of the documentation."""
    for file, page in PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / file).read_text("utf-8")))
    files.append(File.generated(config, "pictures/mark.svg", abs_src_path=str(_MARK)))
    return files


def on_page_markdown(markdown: str, *, page: Page, files: Files, **_: Any) -> str:
    """Fills in the table of models, and lets links lead to where things stand on the site."""
    table = markdown_table(ModelRegistry(shipped_models_folder()))
    markdown = markdown.replace(MODEL_TABLE, table)
    here = page.file.src_uri
    origin = _ORIGIN.get(here, f"docs/{here}")
    return _LINK.sub(lambda link: _on_the_site(link, here, origin, files), markdown)


def _on_the_site(link: re.Match[str], here: str, origin: str, files: Files) -> str:
    """One link as the site needs it."""
    target, _, anchor = link["target"].partition("#")
    if ":" in target or not target:
        return link[0]
    file = posixpath.normpath(posixpath.join(posixpath.dirname(origin), target))
    goal = PAGES.get(file, file.removeprefix("docs/") if file.startswith("docs/") else "")
    if not goal:
        if not (ROOT / file).exists():
            return link[0]  # MkDocs complains
        return link["words"]
    if link["image"]:
        return _picture(link["words"], goal, here, files)
    way = posixpath.relpath(goal, posixpath.dirname(here) or ".")
    return f"[{link['words']}]({way}{'#' * bool(anchor)}{anchor})"


def _picture(words: str, goal: str, here: str, files: Files) -> str:
    """A picture, with its dark form beside it where there is one; the theme shows one of them."""
    way = posixpath.relpath(goal, posixpath.dirname(here) or ".")
    stem, suffix = posixpath.splitext(way)
    if files.get_file_from_path(f"{posixpath.splitext(goal)[0]}-dark{suffix}") is None:
        return f"![{words}]({way})"
    return f"![{words}]({way}#only-light)![{words}]({stem}-dark{suffix}#only-dark)"
