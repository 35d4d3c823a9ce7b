"""What a link sets on one page goes along to the next, touched or not."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

APP = Path(__file__).parents[2] / "app.py"
LINK = {
    "model": "bundled/distil-movie",
    "text": "a dull film",
    "runs": "sig-exact",
    "unit": "word",
    "output": "probability",
    "target": "1: positive",
    "word": "2: dull",
}


def _page(**settings: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=120)
    for name, value in settings.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def _switched(app: AppTest, name: str) -> AppTest:
    app.query_params.clear()  # as the browser's address is, on the way to another page
    app.switch_page(f"pages/{name}.py").run()
    assert not app.exception
    return app


@pytest.mark.parametrize("names", [("baselines",), ("agreement", "baselines"), ("about", "baselines")])
def test_a_link_that_nobody_has_touched_goes_along(names: tuple[str, ...]) -> None:
    app = _page(**LINK)
    for name in names:
        app = _switched(app, name)
    assert app.text_area(key="text").value == LINK["text"]
    assert app.selectbox(key="model").value == LINK["model"]
    assert app.selectbox(key="target").value == LINK["target"] and app.selectbox(key="output").value == "probability"
    assert app.button_group(key="unit").value == "word"
    assert app.selectbox(key="word").value == LINK["word"]


def test_what_was_changed_on_the_way_is_what_goes_along() -> None:
    app = _switched(_page(**LINK), "agreement")
    app.text_area(key="text").set_value("a hideous spectacle").run()
    assert not app.exception
    assert _switched(app, "baselines").text_area(key="text").value == "a hideous spectacle"
