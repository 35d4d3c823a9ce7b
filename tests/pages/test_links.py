"""A link's numbers may be of any size: none ends a page."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.fuzz.test_pages import ROOT


@pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 400])
def test_a_number_that_no_box_can_hold_is_left_out_of_the_link(number: str) -> None:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.query_params.update({"words_seed": number, "text": "1e999", "model": "bundled/distil-movie"})
    page.switch_page("pages/baselines.py").run()
    assert not page.exception
    assert "words_seed" not in page.query_params
