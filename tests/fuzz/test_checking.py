"""The checkers checked: each of these must be caught."""

import pytest

from tests.fuzz.checking import assert_harmless_latex, csv_rows, elements, json_value, svg_elements

TABLE = "% Needs.\n\\begin{table}[t]\n\\begin{tabular}{ll}\n%s\n\\end{tabular}\n\\end{table}\n"


def test_elements_are_found_with_their_attributes() -> None:
    assert elements('<p class="x">a<br></p>') == {("p", ""), ("p", "class"), ("br", "")}
    assert svg_elements("<svg><a b='c'/></svg>") == {("svg", ""), ("a", ""), ("a", "b")}
    assert [row["a"] for row in csv_rows("a,b\n-1.5,x\n1e-05,'=2\n")] == ["-1.5", "1e-05"]
    assert json_value('{"a": null}') == {"a": None}
    assert_harmless_latex(TABLE.replace("%s", "a \\& b"))


@pytest.mark.parametrize(
    "html", ["<p>", "</p>", "<p><b></p></b>", "<p>a<!-- b --></p>", "<a href='javascript:x'></a>", "<?x?>"]
)
def test_broken_html_is_caught(html: str) -> None:
    with pytest.raises(AssertionError):
        elements(html)


@pytest.mark.parametrize("svg", ["<svg>", "<svg>&</svg>", "<svg>\x01</svg>", "<svg><a></svg>"])
def test_broken_xml_is_caught(svg: str) -> None:
    with pytest.raises(SyntaxError):
        svg_elements(svg)


@pytest.mark.parametrize("text", ["a,b\n1\n", "a\n=1\n", "a\n+cmd\n", "a,b\n1,2,3\n", "a\n-\n", "a\n\t=1\n"])
def test_broken_or_calculating_csv_is_caught(text: str) -> None:
    with pytest.raises(AssertionError):
        csv_rows(text)


@pytest.mark.parametrize("inside", ["{", "}", "\\input{x}", "a # b", "$x$", "\\end{tabular}", "50% of"])
def test_latex_that_does_something_is_caught(inside: str) -> None:
    with pytest.raises(AssertionError):
        assert_harmless_latex(TABLE.replace("%s", inside))


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a": -Infinity}'])
def test_what_is_no_json_is_caught(text: str) -> None:
    with pytest.raises(AssertionError):
        json_value(text)
