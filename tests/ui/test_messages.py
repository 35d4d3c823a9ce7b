"""Text that Markdown must not read."""

import pytest

from sigviz.ui.messages import plain


@pytest.mark.parametrize("sign", list("\\`*_{}[]()#+-.!|<>~$:&"))
def test_every_sign_of_markdown_is_escaped(sign: str) -> None:
    assert plain(f"a{sign}b") == f"a\\{sign}b"


def test_plain_words_stay_as_they_are() -> None:
    assert plain("F(x) is fine".replace("(", "").replace(")", "")) == "Fx is fine"
