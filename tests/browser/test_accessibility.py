"""axe on every page: nothing that it calls serious keeps people from reading or using them."""

import ast

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import Opener
from tests.browser.server import ROOT

pytestmark = pytest.mark.browser

QUICK = {"model": "bundled/distil-movie", "text": "this is junk food cinema ."}
# of Streamlit's own making, and out of the project's reach; each with what it is about
NOT_OURS: dict[str, str] = {}
SERIOUS = ("serious", "critical")


def _pages() -> list[str]:
    """The paths of all pages, read from app.py: a new page is tested on arrival."""
    calls = [node for node in ast.walk(ast.parse((ROOT / "app.py").read_text("utf-8"))) if isinstance(node, ast.Call)]
    named = [ast.unparse(call.args[0]) for call in calls if ast.unparse(call.func) == "st.Page"]
    return sorted(name.split("pages/")[1].split(".py")[0] for name in named)


def test_every_page_is_among_those_tested() -> None:
    assert set(_pages()) == {path.stem for path in (ROOT / "pages").glob("*.py")}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", _pages())
def test_a_page_has_no_serious_violation(open_page: Opener, name: str, theme: str) -> None:
    at = "" if name == "compare" else name
    page = open_page(at, theme=theme, **(QUICK | ({"runs": "ig(steps=3) sig-exact"} if not at else {})))
    page.wait_for_function("[...document.styleSheets].some(sheet => sheet.ownerNode.textContent.includes('katex-display {'))")
    found = Axe().run(page).response["violations"]
    serious = [one for one in found if one["impact"] in SERIOUS and one["id"] not in NOT_OURS]
    said = [f"{one['id']}: {one['help']}: {node['target']} {node['html'][:200]}" for one in serious for node in one["nodes"]]
    assert not said, "\n".join(said)


def test_axe_sees_what_is_wrong(open_page: Opener) -> None:
    page = open_page("about")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=\"data:,\"><button></button>')")
    ids = {one["id"] for one in Axe().run(page).response["violations"]}
    assert {"image-alt", "button-name"} <= ids
