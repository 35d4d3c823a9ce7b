"""The LaTeX table: marked as in the paper, and foreign text is text to TeX."""

import re
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sigviz.attribution import Unit
from sigviz.errors import InvalidSettings
from sigviz.views import table5
from tests.views.test_export import balanced

HOSTILE = "\\input{/etc/passwd} \\write18{ls} $x_1^2$ 50% #1 & a~b {} `` '' -- ,, ?` << >> |q| \"s\" \\\\ \\end{table} ^^41"
LATIN = "naïve café Ørsted “quotes” – dash… €5 ½ Łódź ș ¥ ß"
OURS = (  # every command that may be in a table
    "textbackslash|textasciitilde|textasciicircum|textless|textgreater|textbar|textquotedbl|textasciigrave|textvisiblespace|"
    "times|pm|ldots|hookleftarrow|circ|emptyset|mapsto|textbf|uline|sout|colorbox|strut|fbox|scriptsize|raggedright|"
    "tabularnewline|begin|end|centering|setlength|fboxsep|linewidth|toprule|midrule|bottomrule|caption"
)


def cells(tex: str) -> list[tuple[str, str]]:
    """(method, example) of each row."""
    return re.findall(r"^\\raggedright (.*?) & \\raggedright (.*) \\tabularnewline$", tex, flags=re.MULTILINE)


def without_comment(tex: str) -> str:
    return tex[tex.index("\\begin{table}") :]


def harmless(tex: str) -> bool:
    """Whether nothing but our own commands can do anything in it."""
    rest = re.sub(rf"\\(?:[&%$#_{{}},]|(?:{OURS})(?![a-zA-Z]))", "", tex)
    in_maths = re.sub(r"\$(?:\^\{[-0-9]\}|[-])?\$", "", rest)
    return balanced(tex) and "\\" not in rest and not re.search(r"[%#$^]", in_maths)


def test_a_row_is_marked_as_in_the_paper(attribution) -> None:
    words = "a well-made and often lovely depiction of the mysteries of"
    scores = [0, 0.3, 0, 0, 0, 1, 0, 0, 0.6, 0, 0, 0]
    ((method, example),) = cells(table5.latex([attribution(words, raw=scores)]))
    assert method == "SIG"
    marked = re.findall(r"\\textbf\{(?:\\uline\{)?([^{}]*)", example)
    first = re.findall(r"\\textbf\{\\uline\{([^{}]*)\}\}", example)
    assert len(marked) == 3 and len(first) == 1 and first[0] in marked
    assert re.sub(r"\\textbf|\\uline|[{}]", "", example) == words


def test_texts_are_parted_and_runs_named(attribution) -> None:
    found = [attribution(), attribution(settings={"method": "ig"}), attribution("another text")]
    tex = table5.latex(found)
    assert [name for name, _ in cells(tex)] == ["SIG", "IG", "SIG"]
    inside = tex[tex.index(r"\toprule") :]
    assert inside.count(r"\midrule") == 2, "under the head, and between the texts"
    assert "explained class: negative" in tex and "baseline: mask" in tex and "bundled/minilm-movie" in tex


def test_each_word_stands_on_its_colour_on_request(attribution) -> None:
    ((_, example),) = cells(table5.latex([attribution()], colours=True))
    assert len(re.findall(r"\\colorbox\[HTML\]\{[0-9A-F]{6}\}", example)) == 5
    assert "colorbox" not in table5.latex([attribution()])
    sentence = attribution("a long one", units=[Unit("a long one", 0, 10, (1, 2, 3))], raw=[1.0])
    ((_, example),) = cells(table5.latex([sentence], colours=True))
    assert example.count(r"\colorbox") == 3, "lines can break between the words of a unit"


@pytest.mark.parametrize("text", ["x y", " ", "\n"])
def test_the_box_of_a_mark_is_not_torn_apart_by_colours(attribution, text) -> None:
    mark = Unit(text, 1, 1 + text.isspace(), (2,))  # "x y": a token without characters of its own
    found = attribution(f"a{text if text.isspace() else ' '}b", units=[Unit("a", 0, 1, (1,)), mark], raw=[0.5, 1.0])
    tex = table5.latex([found], colours=True)
    boxes = cells(tex)[0][1].split(r"\colorbox[HTML]")[1:]
    assert len(boxes) == 2 and all(map(balanced, boxes)), boxes
    assert harmless(without_comment(tex))
    shown = {"x y": "x~y", " ": r"\textvisiblespace{}", "\n": r"$\hookleftarrow$"}[text]
    assert f"\\fbox{{\\scriptsize{{}}{shown}}}" in boxes[1]


def test_the_comment_names_the_packages_and_what_pdflatex_lacks(attribution) -> None:
    plain = table5.latex([attribution(LATIN)], colours=True)
    assert "booktabs, ulem (with the option normalem), xcolor" in plain and "T1" in plain and "LuaLaTeX" not in plain
    odd = table5.latex([attribution("电影 good")])
    assert "LuaLaTeX or XeLaTeX" in odd and "U+7535, U+5F71" in odd and "right to left" not in odd
    assert "right to left" in table5.latex([attribution("שלום")])
    for tex in (plain, odd):
        comment = tex[: tex.index("\\begin{table}")]
        assert comment.isascii() and all(line.startswith("% ") for line in comment.splitlines())


def test_hostile_text_is_text(attribution) -> None:
    hostile = {"model": HOSTILE, "label": HOSTILE, "labels": (HOSTILE, "b")}
    tex = table5.latex([attribution(HOSTILE, **hostile, settings={"baseline": HOSTILE})], colours=True, revision="a%b")
    assert harmless(without_comment(tex))
    assert tex.count("\\begin{") == tex.count("\\end{") == 2
    plain = table5.marked(attribution(HOSTILE, raw=[0.0]))
    assert "-{}-" in plain and ",{}," in plain and "'{}'" in plain, "or they would become other signs"


@given(st.text(max_size=80))
def test_no_text_can_be_a_command(text) -> None:
    tex = table5.escaped(text)
    assert harmless(tex)
    assert "\n" not in tex and not re.search(r"[\x00-\x1f\x7f\u202a-\u202e]|--|''|,,", tex)


def test_marks_are_composed_and_hidden_characters_named(attribution) -> None:
    assert table5.escaped("e\u0301") == "é"
    assert table5.escaped("a\x1b[0m") == r"a\textless{}U+001B\textgreater{}[0m"
    assert "‹U+202E›" in table5.escaped("\u202e")


def test_what_the_model_did_not_read_is_struck_through(attribution) -> None:
    units = [Unit("one", 0, 3, (1,))]
    ((_, example),) = cells(table5.latex([attribution("one two three", units=units, raw=[1.0], truncated=2)]))
    assert example == r"\textbf{\uline{one}} \sout{two three}"


def test_nothing_is_refused() -> None:
    with pytest.raises(InvalidSettings, match="at least"):
        table5.latex([])


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="no LaTeX here")
@pytest.mark.parametrize("colours", [False, True])
def test_latex_takes_it(attribution, tmp_path, colours) -> None:
    found = [attribution(text, settings={"method": method}) for text in (HOSTILE, LATIN) for method in ("ig", "sig")]
    packages = r"\usepackage[T1]{fontenc}\usepackage{booktabs,xcolor}\usepackage[normalem]{ulem}"
    body = table5.latex(found, colours=colours)
    (tmp_path / "t.tex").write_text(
        f"\\documentclass{{article}}{packages}\\begin{{document}}\n{body}\\end{{document}}", "utf-8"
    )
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "t.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stdout.decode("utf-8", "replace")[-2000:]


# The checker checked.


@pytest.mark.parametrize("tex", [r"\input{x}", "a % b", "a # b", r"\textbf{", "$x$", "^^41"])
def test_what_could_do_something_is_seen(tex) -> None:
    assert not harmless(tex)
