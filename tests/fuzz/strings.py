"""Texts that nobody types and everybody can paste: what the fuzz tests try, as hypothesis strategies and as a list."""

from hypothesis import strategies as st

from tests import tiny

FRAGMENTS = (
    *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</style><b>", "<!-- ", "-->", "]]>", "<![CDATA[", "&lt;"),
    *("&#x3c;b&#x3e;", "'\"><svg/onload=alert(1)>", "</title></textarea>", "<a href=javascript:alert(1)>x</a>", "<", ">", "&"),
    *(
        "**bold**",
        "# head\n",
        "[x](javascript:alert(1))",
        "![x](http://h.example/x.png)",
        "`code`",
        ":smile:",
        ":red[x]",
        "|a|b|",
    ),
    *("$x^2$", "\\input{/etc/passwd}", "\\end{table}", "%", "#1", "~", "^^41", "{", "}", "\\", "--", "``", "''", "$$", "\\\\"),
    *(
        "=cmd|'/C calc'!A0",
        "+1",
        "-1+1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        '"',
        '""',
        ",",
        ";",
        "\n",
        "\r\n",
        "\t",
        " ",
        "\u00a0",
        "'=",
    ),
    *('{"a": [1, null]}', "[1, 2", "null", "None", "True", "nan", "inf", "1e999", "0x10", "-0", "__import__('os')", "{x!r}"),
    *("%s%n", "{0}", "../../etc/passwd", "C:\\x", "http://h.example/?a=b&c=%00", "javascript:alert(1)", "data:text/html,x"),
    *("\x00", "\x01", "\x07", "\x08", "\x0b", "\x0c", "\x1b[31m", "\x1b]0;t\x07", "\x7f", "\x85", "\x9b", "\ufffe", "\uffff"),
    *("\ud800", "\udfff", "\udc00\ud800", "\U0010ffff", "\ufdd0", "\ue000", "\ufeff", "\ufffd", "\ufffc"),
    *("שלום", "مرحبا", "\u202e", "\u202d", "\u2066", "\u2069", "\u200f", "\u200e", "\u061c", "\u202c"),
    *("\u200b", "\u200c", "\u200d", "\u2060", "\u00ad", "\u180e", "\u2028", "\u2029", "\U000e0001", "\U000e0041"),
    *("e\u0301", "\u0301", "\u0301" * 40, "Z\u0351\u0352\u0353", "ᄀ\u1161\u11a8", "ก็", "ﷺ", "ﬁ", "ß", "İ", "ŉ", "ǰ", "Å"),
    *("👩\u200d👩\u200d👧", "👍🏽", "🇩🇪", "🏴\U000e0067\U000e0062\U000e007f", "❤\ufe0f", "1\ufe0f\u20e3", "😀" * 5, "\ufe0f"),
    *(
        "[MASK]",
        "[CLS]",
        "[SEP]",
        "[PAD]",
        "[UNK]",
        "##s",
        "<s>",
        "</s>",
        "<unk>",
        "▁",
        "Ġ",
        "中文",
        "日本語。",
        "...",
        "。！？",
    ),
)
WORDS = (*tiny.WORDS, *tiny.PIECEWISE, ",", ".", "!")


def texts(most: int = 10) -> st.SearchStrategy[str]:
    """Fragments, words and any characters (half surrogate pairs too), with or without spaces between."""
    anything = st.text(st.characters(exclude_categories=()), max_size=8)
    piece = st.one_of(st.sampled_from(FRAGMENTS), st.sampled_from(WORDS), anything)
    return st.builds(lambda pieces, glue: glue.join(pieces), st.lists(piece, max_size=most), st.sampled_from(["", " ", "\n"]))


def values() -> st.SearchStrategy[object]:
    """What a caller may hand over for any argument: text, numbers of any size, and things of the wrong type."""
    numbers = st.one_of(st.integers(), st.floats(), st.sampled_from([10**400, -(10**30), 2**31, 2**63, 0, -1, True]))
    return st.one_of(texts(3), numbers, st.none(), st.binary(max_size=3), st.lists(st.integers(), max_size=2), st.just({}))


def links() -> st.SearchStrategy[str]:
    """What may stand in a link behind a name."""
    numbers = st.sampled_from(["0", "-1", "1e999", "nan", "9" * 400, "0x10", "1.5", "True", "2147483648", "", "٣", "1,2,3"])
    return st.one_of(
        texts(3).map(sendable), numbers, st.sampled_from(["true", "false", "[]", "a,b", "1: positive", "%00", "%"])
    )


def sendable(text: str) -> str:
    """As a browser sends it: half a surrogate pair cannot be sent."""
    return text.encode("utf-8", "replace").decode("utf-8")


MEGABYTE = 1_000_000
HUGE = {
    "words": "film " * (MEGABYTE // 5),
    "one word": "a" * MEGABYTE,
    "no space": "film" * (MEGABYTE // 4),
    "nothing to see": "\u200b" * MEGABYTE,
    "spaces": " " * MEGABYTE,
    "NUL": "\x00" * MEGABYTE,
    "turning": "\u202ea" * (MEGABYTE // 2),
    "accents": "e" + "\u0301" * (MEGABYTE - 1),
    "families": "👩\u200d👩\u200d👧 " * (MEGABYTE // 6),
    "tags": "<b>" * (MEGABYTE // 3),
    "braces": "{" * MEGABYTE,
    "backslashes": "\\" * MEGABYTE,
    "stars": "*" * MEGABYTE,
    "dots": "." * MEGABYTE,
    "lines": "a\n" * (MEGABYTE // 2),
    "Chinese": "电影" * (MEGABYTE // 2),
    "halves": "\ud800" * MEGABYTE,
    "JSON": '{"a":' * (MEGABYTE // 5),
}
WORST = (  # for a real browser: each a film among what has done harm elsewhere
    "film <script>alert(1)</script> film",
    "film '\"><svg/onload=alert(1)> </style><b>",
    "film [x](javascript:alert(1)) ![x](http://h.example/x.png) <a href=javascript:alert(1)>x</a>",
    "film \u202e reversed \u2066 \u200b \u2028 film",
    "film \x00 \x1b[31m \x7f \x85 film",
    "film $x^2$ :red[x] **b** # `c` |a|b| ~~d~~ :smile:",
    "film 👩\u200d👩\u200d👧 e\u0301 " + "\u0301" * 60 + " Z\u0351\u0352",
    "שלום film مرحبا <b>film</b> עולם",
    "film </textarea></title><img src=x onerror=alert(1)> --> ]]>",
    "=cmd|'/C calc'!A0 film {{7*7}} ${7*7} #{7*7} {0} %s",
    "film " * 400,
    "x" * 3000 + " film",
)
