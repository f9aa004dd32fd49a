"""Text is text: nothing from outside is read as Markdown or HTML, by the source of the pages.

Every argument that Streamlit reads as Markdown must be made of our own constants, of numbers, and
of ``plain(...)``; every piece of HTML of constants, numbers and ``escape(...)``. The browser test
(tests/e2e/test_text_is_text_e2e.py) shows that it works.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from emotion_core.markdown import plain

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    [
        *(ROOT / "pages").rglob("*.py"),
        *(ROOT / "emotion_core" / "html").rglob("*.py"),
        ROOT / "app.py",
    ]
)

#: Functions of Streamlit whose first argument is Markdown.
FIRST = frozenset(
    {
        "markdown", "write", "caption", "info", "error", "warning", "success", "toast", "header",
        "subheader", "title", "expander", "popover", "button", "download_button", "link_button",
        "form_submit_button", "selectbox", "multiselect", "radio", "pills", "segmented_control",
        "checkbox", "toggle", "slider", "select_slider", "number_input", "text_input", "text_area",
        "file_uploader", "camera_input", "metric", "spinner", "status", "badge", "dialog",
    }
)  # fmt: skip
#: Those of them that are called on containers, too, and are called so nowhere else.
ANYWHERE = frozenset({"markdown", "caption", "subheader", "toast", "success", "progress", "pills"})
#: Functions of ours that hand an argument on, by its place; their keyword "note" is handed on, too.
HANDED_ON = {
    "select": 1, "number": 1, "slider": 1, "toggle": 1, "_small_button": 0, "_file": 1,
    "start_button": 1,
}  # fmt: skip
#: Keyword arguments that are Markdown wherever they stand; ``text`` of ``progress``.
KEYWORDS = frozenset({"help", "caption", "text", "label", "body"})
#: Functions whose options are Markdown, too.
OPTIONS = frozenset({"radio", "pills", "segmented_control", "tabs"})
#: Functions that give numbers or words of our own, or make text safe.
SAFE_CALLS = frozenset(
    {
        "plain", "escape", "percent", "count_of", "duration", "len", "round", "max", "min", "sum",
        "abs", "int", "float", "file_size", "figures", "card_title", "photo_line", "paragraph",
        "definition_list", "legend", "share_bar", "face_chips", "one_chip", "describe_face",
    }
)  # fmt: skip
SAFE_METHODS = frozenset(
    {"capitalize", "lower", "upper", "title", "strip", "removesuffix", "removeprefix", "replace"}
)
#: Expressions that are our own words although the source of one file does not show it, by their
#: text. Emotions and splits are constants of the library; numbers have no Markdown.
OUR_OWN = tuple(
    re.compile(f"^(?:{pattern})$")
    for pattern in (
        r".*label_set\[.*\](\.value)?",
        r"(self\.|\w+\.)*(emotion|split)(\.value)?",
        r"(.*\.)?colour",
        r"str\.capitalize|plain",
    )
)
#: (file, expression): looked at one by one, with the reason.
ALLOWED: dict[tuple[str, str], str] = {
    ("pages/parts/datasets/audit.py", "title"): "the headings of _findings",
    ("pages/parts/datasets/audit.py", "words"): "counts in words, of _findings",
    ("pages/parts/datasets/controls.py", "FER2013.names"): "our own expressions",
    ("pages/parts/datasets/details.py", "src"): "a data: address that we made",
    ("pages/parts/datasets/label_table.py", "list(numberings)"): "names of data sets that we know",
    ("pages/parts/datasets/overview.py", "src"): "a data: address that we made",
    ("pages/parts/evaluation/start_button.py", "label"): "checked where it is given (HANDED_ON)",
    (
        "pages/parts/evaluation/start_button.py",
        "note or None",
    ): "checked where it is given (HANDED_ON)",
    ("pages/parts/evaluation/robustness.py", "kind.title"): "a constant of the library",
    ("pages/parts/home/how_it_works.py", "title"): "our own words, of the page's steps",
    ("pages/parts/home/how_it_works.py", "text"): "our own words, of the page's steps",
    (
        "pages/parts/common/guard.py",
        "' '.join(filter(None, words))",
    ): "plain, or the page's own words",
    ("pages/parts/live/panels.py", "time_note(view.seconds)"): "our own words with numbers",
    ("pages/parts/live/when.py", "time"): "escaped in the line above",
    (
        "pages/parts/common/streamlit_internals.py",
        "script",
    ): "a constant with the names of our pages",
    ("pages/parts/live/finished_panel.py", "label"): "our own words for three files",
    ("pages/parts/sessions/agreement_figures.py", "label"): "our own words for three files",
    ("pages/parts/sessions/compare_choice.py", "label"): "our own words for two choices",
    ("pages/parts/sessions/compare_curves.py", "names"): "our own expressions",
    ("pages/parts/sessions/compare_curves.py", "name"): "one of our own expressions",
    (
        "pages/parts/sessions/compare_figures.py",
        "verdict(comparison, words)",
    ): "our own words and numbers; names are made plain there",
    ("pages/parts/sessions/compare_figures.py", "label"): "our own words for five files",
    ("pages/parts/sessions/downloads.py", "label"): "our own words, of _Offer",
    ("pages/parts/sessions/downloads.py", "offer.words"): "our own words, of _Offer",
    ("pages/parts/videos/downloads.py", "label"): "checked where it is given (HANDED_ON)",
    ("pages/parts/jobs/board.py", "list(_STATES)"): "our own words for four choices",
    ("pages/parts/jobs/disk.py", "use.kind.title.lower()"): "a constant of the library",
    ("pages/parts/jobs/row.py", "label"): "our own words for two buttons",
    ("pages/parts/jobs/row.py", "action"): "our own words for two buttons",
    ("pages/parts/photos/results.py", "kind.label"): "our own words for four files",
    ("pages/parts/photos/results.py", "kind.help"): "our own words for four files",
    ("emotion_core/html/schematic.py", "content"): "our own drawings",
    ("pages/parts/training/fields.py", "label"): "checked where it is given (HANDED_ON)",
    ("pages/parts/training/fields.py", "note"): "checked where it is given (HANDED_ON)",
    ("pages/parts/history/curves.py", "panels"): "the panels of charts.curves",
    ("pages/parts/history/table.py", "kind.capitalize()"): "one of KINDS",
    ("pages/parts/training/run_panels.py", "label"): "checked where it is given (HANDED_ON)",
    ("pages/parts/training/run_panels.py", "panel"): "one of the panels of charts.curves",
}


@dataclass
class Module:
    """One source file and what its names are made of."""

    path: Path
    tree: ast.Module
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for node in ast.walk(self.tree):
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
        self.functions = {
            node.name: node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)
        }

    def scope(self, node: ast.AST) -> ast.AST:
        while not isinstance(node, ast.FunctionDef | ast.Module | ast.Lambda):
            node = self.parents[node]
        return node

    # -- what an expression is made of

    def is_safe(self, node: ast.AST | None, seen: frozenset[str] = frozenset()) -> bool:
        if node is None or isinstance(node, ast.Constant):
            return True
        text = ast.unparse(node)
        if text in seen:
            return True  # decided by the other things that it is made of
        seen = seen | {text}
        if any(pattern.match(text) for pattern in OUR_OWN):
            return True
        if (self.path.relative_to(ROOT).as_posix(), text) in ALLOWED:
            USED.add((self.path.relative_to(ROOT).as_posix(), text))
            return True
        return self._is_safe(node, seen)

    def _is_safe(self, node: ast.AST, seen: frozenset[str]) -> bool:
        def safe(part: ast.AST | None) -> bool:
            return self.is_safe(part, seen)

        match node:
            case ast.JoinedStr():
                return all(safe(part) for part in node.values)
            case ast.FormattedValue():
                form = node.format_spec
                numeric = form and re.search(r"([fdeg%,]|'0\d)'$", ast.unparse(form))
                return bool(numeric) or safe(node.value)
            case ast.BinOp():
                return safe(node.left) and safe(node.right)
            case ast.BoolOp():
                return all(safe(part) for part in node.values)
            case ast.Compare() | ast.UnaryOp():
                return True  # truth or a number
            case ast.IfExp():
                return safe(node.body) and safe(node.orelse)
            case ast.NamedExpr() | ast.Starred():
                return safe(node.value)
            case ast.Lambda():
                return safe(node.body)
            case ast.List() | ast.Tuple() | ast.Set():
                return all(safe(part) for part in node.elts)
            case ast.Dict():
                return all(safe(part) for part in node.values)
            case ast.ListComp() | ast.GeneratorExp():
                return safe(node.elt)
            case ast.Subscript():
                return safe(node.value)
            case ast.Attribute():
                return is_constant_name(node.attr) or (
                    node.attr == "__getitem__" and safe(node.value)
                )
            case ast.Call():
                return self._call_is_safe(node, seen)
            case ast.Name():
                return is_constant_name(node.id) or self._name_is_safe(node, seen)
        return False

    def _call_is_safe(self, node: ast.Call, seen: frozenset[str]) -> bool:
        called = node.func
        if isinstance(called, ast.Attribute):
            if called.attr in SAFE_CALLS:
                return True
            if called.attr == "join":
                return all(self.is_safe(part, seen) for part in node.args)
            if called.attr == "get":
                return self.is_safe(called.value, seen) and all(
                    self.is_safe(part, seen) for part in node.args[1:]
                )
            if called.attr in SAFE_METHODS:
                return self.is_safe(called.value, seen) and all(
                    self.is_safe(part, seen) for part in node.args
                )
            return False
        if not isinstance(called, ast.Name):
            return False
        if called.id in SAFE_CALLS:
            return True
        function = self.functions.get(called.id)
        if function is not None and is_number(function.returns):
            return True
        return function is not None and all(
            self.is_safe(returned.value, seen)
            for returned in ast.walk(function)
            if isinstance(returned, ast.Return | ast.Yield)
        )

    def _name_is_safe(self, name: ast.Name, seen: frozenset[str]) -> bool:
        scope = self.scope(name)
        while True:
            values = list(values_of(name.id, scope))
            if values:
                return all(value is not None and self.is_safe(value, seen) for value in values)
            if isinstance(scope, ast.Module):
                return False
            scope = self.scope(self.parents[scope])


def values_of(name: str, scope: ast.AST) -> Iterator[ast.AST | None]:
    """Everything that a name is given in a scope; None for what the source does not show."""
    if isinstance(scope, ast.FunctionDef | ast.Lambda):
        arguments = scope.args
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            if argument.arg == name:
                yield ast.Constant(0) if is_number(argument.annotation) else None
    for node in ast.walk(scope):
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    yield from given(name, target, value)
            case ast.AnnAssign(target=ast.Name(id=found), value=value) if found == name:
                yield value
            case ast.AugAssign(target=ast.Name(id=found), value=value) if found == name:
                yield value
            case ast.NamedExpr(target=ast.Name(id=found), value=value) if found == name:
                yield value
            case (
                ast.For(target=target, iter=source) | ast.comprehension(target=target, iter=source)
            ):
                if name in names_in(target):
                    yield looped(name, target, source)
            case ast.With(items=items):
                for item in items:
                    if item.optional_vars is not None and name in names_in(item.optional_vars):
                        yield None
            case ast.ExceptHandler(name=found) if found == name:
                yield None
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=found), attr="append"), args=[value]
            ) if found == name:
                yield value


def given(name: str, target: ast.AST, value: ast.AST) -> Iterator[ast.AST | None]:
    if isinstance(target, ast.Name):
        if target.id == name:
            yield value
    elif isinstance(target, ast.Tuple):
        same = isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts)
        for i, part in enumerate(target.elts):
            if isinstance(part, ast.Name) and part.id == name:
                yield value.elts[i] if same and isinstance(value, ast.Tuple) else None


def looped(name: str, target: ast.AST, source: ast.AST) -> ast.AST | None:
    """What a loop gives a name: all of a literal, else unknown."""
    if isinstance(source, ast.Name) and is_constant_name(source.id):
        return source
    if isinstance(source, ast.Call) and isinstance(source.func, ast.Name):
        if source.func.id == "range":
            return ast.Constant(0)
        if source.func.id == "enumerate" and isinstance(target, ast.Tuple):
            first = target.elts[0]
            if isinstance(first, ast.Name) and first.id == name:
                return ast.Constant(0)
            return looped(name, target.elts[1], source.args[0])
    if isinstance(source, ast.Tuple | ast.List):
        if isinstance(target, ast.Name):
            return source
        if isinstance(target, ast.Tuple):
            i = [part.id for part in target.elts if isinstance(part, ast.Name)].index(name)
            rows = [row for row in source.elts if isinstance(row, ast.Tuple)]
            if len(rows) == len(source.elts):
                return ast.Tuple([row.elts[i] for row in rows])
    return None


def names_in(target: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(target) if isinstance(node, ast.Name)}


def is_number(annotation: ast.AST | None) -> bool:
    return annotation is not None and ast.unparse(annotation) in (
        "int", "float", "bool", "int | None", "float | None", "Emotion",
    )  # fmt: skip


def is_constant_name(name: str) -> bool:
    """``_PRESET_TITLES``: words of our own at the top of a file."""
    return name.strip("_").isupper()


def markdown_arguments(call: ast.Call, name: str) -> Iterator[ast.AST]:
    """The arguments of a call that Streamlit reads as Markdown."""
    if name in FIRST and call.args:
        yield call.args[0]
    if name == "write":
        yield from call.args[1:]
    if name == "progress":
        yield from call.args[1:2]
    if name == "tabs":
        yield from call.args[:1]
    for keyword in call.keywords:
        if keyword.arg in KEYWORDS:
            yield keyword.value
        if name in OPTIONS and keyword.arg == "format_func":
            yield keyword.value
    if name in OPTIONS and not any(keyword.arg == "format_func" for keyword in call.keywords):
        yield from call.args[1:2]


def handed_on(call: ast.Call, name: str) -> Iterator[ast.AST]:
    """The arguments of a call of ours that become arguments of Streamlit's."""
    if name in HANDED_ON:
        yield from call.args[HANDED_ON[name] : HANDED_ON[name] + 1]
        yield from (keyword.value for keyword in call.keywords if keyword.arg == "note")


def breaches(module: Module) -> list[str]:
    """What may read text from outside as Markdown or HTML, as "file:line expression"."""
    found, where = [], module.path.relative_to(ROOT).as_posix()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of, name = node.func.value, node.func.attr
            streamlit = isinstance(of, ast.Name) and (of.id in ("st", "column") or name in ANYWHERE)
            if streamlit:
                for argument in markdown_arguments(node, name):
                    if not module.is_safe(argument):
                        found.append(f"{where}:{node.lineno} {name}: {ast.unparse(argument)}")
            if any(keyword.arg == "unsafe_allow_html" for keyword in node.keywords):
                found.append(f"{where}:{node.lineno} unsafe_allow_html: use st.html")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            for argument in handed_on(node, node.func.id):
                if not module.is_safe(argument):
                    found.append(f"{where}:{node.lineno} {node.func.id}: {ast.unparse(argument)}")
        if isinstance(node, ast.JoinedStr) and is_html(node):
            for part in node.values:
                if isinstance(part, ast.FormattedValue) and not module.is_safe(part):
                    found.append(f"{where}:{node.lineno} HTML: {ast.unparse(part.value)}")
    return found


def is_html(node: ast.JoinedStr) -> bool:
    text = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
    return re.search(r"</?[a-z]", text) is not None


USED: set[tuple[str, str]] = set()


def module_of(path: Path) -> Module:
    return Module(path, ast.parse(path.read_text(encoding="utf-8")))


def test_nothing_from_outside_is_read_as_markdown_or_html() -> None:
    found = [breach for path in SOURCES for breach in breaches(module_of(path))]
    assert found == []


def test_what_is_allowed_is_still_there() -> None:
    for path in SOURCES:
        breaches(module_of(path))
    assert set(ALLOWED) - USED == set()


@pytest.mark.parametrize(
    "source",
    [
        "st.error(str(error))",
        "st.markdown(f'**{run.name}**')",
        "st.caption(note)",
        "st.button('Go', help=f'of {name}')",
        "st.progress(0.5, text=job.words)",
        "st.pills('Which', names)",
        "st.tabs([name])",
        "def f(name):\n    words = f'of {name}'\n    st.info(words)",
        "def f(run):\n    def g(run):\n        return run.name\n    st.info(g(run))",
        "try:\n    pass\nexcept OSError as error:\n    st.warning(f'no: {error}')",
        "def f(a):\n    found = ['a']\n    found.append(a[0])\n    st.info(' '.join(found))",
        "html = f'<b>{name}</b>'",
        "st.markdown('<b>x</b>', unsafe_allow_html=True)",
        "slider('seed', name)",
    ],
)
def test_a_breach_is_seen(source: str) -> None:
    module = Module(ROOT / "pages" / "x.py", ast.parse(source))
    assert len(breaches(module)) == 1, breaches(module)


@pytest.mark.parametrize(
    "source",
    [
        "st.error(plain(error))",
        "st.markdown(f'**{plain(run.name)}** · {n:,} of {share:.0%}')",
        "st.pills('Which', names, format_func=plain)",
        "def f(n: int):\n    st.info(f'{n} faces')",
        "def f(run):\n    def g(run):\n        return plain(run.name)\n    st.info(g(run))",
        "html = f'<b>{escape(name)}</b>'",
        "st.caption(_NOTES[name])",
    ],
)
def test_what_is_safe_is_no_breach(source: str) -> None:
    assert breaches(Module(ROOT / "pages" / "x.py", ast.parse(source))) == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("compact-3", "compact-3"),
        ("![x](http://a.example/leak.png)", r"!\[x\](http:%//a.example/leak.png)"),
        ("[a](javascript:1)", r"\[a\](javascript:1)"),
        ("<img src=x>", r"\<img src=x>"),
        (":red[x] :smile: :material/face:", r"\:red\[x\] :%smile: \:material/face:"),
        ("$x$ `c` *b* _i_ ~~s~~", r"\$x\$ \`c\` \*b\* \_i\_ \~\~s\~\~"),
        ("# h", r"\# h"),
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("a\n\n# b\t c\r", r"a # b c"),
        ("a -> b -- c", r"a -%> b -%- c"),
        ("www.a.example b@c.example", r"www%.a.example b%@c.example"),
        ("&lt;b&gt;", r"\&lt;b\&gt;"),
        ("\\", r"\\"),
        ("a\x00b\u202ec\ud800", "a\ufffdb\ufffdc\ufffd"),
        (5, "5"),
        ("batch_size: wanted 2, __init__ A & B", r"batch_size: wanted 2, \_\_init\_\_ A & B"),
        ("> quote", r"\> quote"),
        ("::leaf[x]", r"\:\:leaf\[x\]"),
        ("", ""),
    ],
)
def test_plain_takes_every_meaning_away(text: object, wanted: str) -> None:
    assert plain(text) == wanted.replace("%", "\N{WORD JOINER}")
    plain(text).encode("utf-8")
