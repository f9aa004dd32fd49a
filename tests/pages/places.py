"""Where things stand on a page. A component that changes its place begins anew in the browser."""

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

#: As Streamlit calls what `st.components.v2.component` draws.
COMPONENT = "bidi_component"


def place_of_component(app: AppTest) -> tuple[int, ...]:
    """The way to the page's only component: its place in each container, the outermost first.

    Raises:
        AssertionError: there is none, or more than one.
    """
    found = list(_places(app.main, COMPONENT))
    assert len(found) == 1, found
    return found[0]


def _places(block: Block, kind: str) -> list[tuple[int, ...]]:
    found: list[tuple[int, ...]] = []
    for place, child in block.children.items():
        if isinstance(child, Block):
            found += [(place, *rest) for rest in _places(child, kind)]
        elif child.type == kind:
            found.append((place,))
    return found
