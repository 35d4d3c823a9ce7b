"""Texts as people type, paste and attack with them: what is read, what gets a score, and where it stands."""

import threading
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerBase

from sigviz.attribution import UNITS, Unit
from sigviz.errors import InvalidText
from sigviz.models.text import MAX_CHARACTERS, Encoding, encode, units
from tests.models.alignment import misaligned, reads
from tests.models.families import FAMILIES

KINDS = {"wordpiece": "bert", "bytes": "qwen2", "unigram": "albert", "sentence": "llama"}  # of tokenizer: a family with it
NO_LIMIT = 10**6


@cache
def tokenizer(kind: str) -> PreTrainedTokenizerBase:
    return FAMILIES[KINDS[kind]]()[1]


@pytest.fixture(params=KINDS)
def read(request: pytest.FixtureRequest) -> PreTrainedTokenizerBase:
    return tokenizer(request.param)


def seen(text: str, by: PreTrainedTokenizerBase, kind: str) -> list[str]:
    return [unit.text for unit in units(encode(text, by, NO_LIMIT), kind)]


# What has nothing to explain


@pytest.mark.parametrize("text", ["", " ", "   ", "\n", " \t\r\n \u00a0\u3000\u2028 "])
def test_a_text_without_a_visible_character_is_refused(read: PreTrainedTokenizerBase, text: str) -> None:
    with pytest.raises(InvalidText, match=r"no words to explain\. Type at least one word"):
        encode(text, read, NO_LIMIT)


@pytest.mark.parametrize("text", ["\u200b", "\u200b\u200d\ufeff\u2060", "\x00\x07\x1b"])
def test_a_text_of_which_the_tokenizer_drops_everything_is_refused(text: str) -> None:
    with pytest.raises(InvalidText, match="no words to explain"):
        encode(text, tokenizer("wordpiece"), NO_LIMIT)
    assert seen(text, tokenizer("bytes"), "sentence") == [text]  # to this one they are bytes like others


def test_what_is_no_string_is_refused(read: PreTrainedTokenizerBase) -> None:
    with pytest.raises(InvalidText, match="The text is a bytes; give a string"):
        encode(b"good", read, NO_LIMIT)  # type: ignore[arg-type]


def test_white_space_up_to_the_limit_leaves_nothing_to_explain() -> None:
    with pytest.raises(InvalidText):
        encode("\n\t" * 50 + "good", tokenizer("bytes"), limit=20)


# What is cut


def test_ten_thousand_words_are_cut_at_the_limit_and_the_rest_is_counted(read: PreTrainedTokenizerBase) -> None:
    text = "good movie " * 5000
    whole = read(text, return_special_tokens_mask=True)
    encoding = encode(text, read, limit=64)
    assert len(encoding.ids) == len(encoding.content) == len(encoding.spans) == len(encoding.names) == 64
    assert encoding.truncated == len(whole["input_ids"]) - 64 > 9000
    added = sum(whole["special_tokens_mask"])
    assert encoding.content.sum() == 64 - added
    assert (
        encoding.ids[~encoding.content].tolist()
        == np.array(whole["input_ids"])[np.array(whole["special_tokens_mask"]) == 1].tolist()
    )
    words = units(encoding, "word")
    assert {unit.text for unit in words[:-1]} == {"good", "movie"}
    assert misaligned(encoding, words, "word", read)[-1:] == [f"'e' at {len(text) - 2} lies in no unit"]  # all the rest


def test_a_text_at_the_limit_is_whole_and_one_above_it_loses_a_token(read: PreTrainedTokenizerBase) -> None:
    text = "a good spectacle , sometimes unwatchable !"
    length = len(read(text)["input_ids"])
    assert encode(text, read, length).truncated == 0
    shorter = encode(text, read, length - 1)
    assert shorter.truncated == 1
    assert shorter.content.sum() == encode(text, read, length).content.sum() - 1


def test_characters_above_the_most_that_are_read_are_counted() -> None:
    read, text = tokenizer("wordpiece"), "a " * (MAX_CHARACTERS // 2) + "b" * 77
    assert encode(text, read, NO_LIMIT).truncated == 77
    assert encode(text[:MAX_CHARACTERS], read, NO_LIMIT).truncated == 0
    cut = encode(text, read, limit=64)
    assert cut.truncated == MAX_CHARACTERS // 2 + 2 - 64 + 77
    assert cut.text == text


def test_a_tokenizer_that_cuts_in_front_keeps_the_end() -> None:
    read = FAMILIES["bert"]()[1]
    read.truncation_side = "left"
    text = "good " * 20 + "bad"
    encoding = encode(text, read, limit=8)
    assert encoding.ids.tolist() == read(text, truncation=True, max_length=8)["input_ids"]
    assert units(encoding, "word")[-1].text == "bad"


def test_many_threads_can_share_a_tokenizer() -> None:
    """The cut must not go through the tokenizer's own settings, which all threads would see."""
    read, long, lengths = tokenizer("wordpiece"), "bad " * 500, set()

    def work(turn: int) -> None:
        for _ in range(60):
            lengths.add((turn % 2, len(encode(long if turn % 2 else "bad", read, limit=64).ids)))

    threads = [threading.Thread(target=work, args=(turn,)) for turn in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lengths == {(0, 3), (1, 64)}


# What is read as it stands


@pytest.mark.parametrize("token", ["[MASK]", "[SEP]", "[PAD]"])
def test_a_special_token_that_somebody_typed_is_content(token: str) -> None:
    read = tokenizer("wordpiece")
    encoding = encode(f"a {token} film", read, NO_LIMIT)
    assert encoding.ids.tolist() == read(f"a {token} film")["input_ids"]
    assert encoding.content.tolist() == [False, *[True] * (len(encoding.ids) - 2), False]
    assert read.convert_tokens_to_ids(token) in encoding.ids[encoding.content]
    assert [unit.text for unit in units(encoding, "word")] == ["a", token, "film"]


def test_markup_is_text_like_any_other(read: PreTrainedTokenizerBase) -> None:
    text = "<script>alert('x')</script>"
    assert "".join(seen(text, read, "word")) == text


def test_control_characters_move_nothing(read: PreTrainedTokenizerBase) -> None:
    encoding = encode("\x00good\x07 \x1b[31mmovie\x7f", read, NO_LIMIT)
    for kind in UNITS:
        assert misaligned(encoding, units(encoding, kind), kind, read) == []
    assert "good" in seen("\x00good\x07 \x1b[31mmovie\x7f", read, "word")[0]


def test_a_lone_surrogate_is_read_as_a_question_mark_and_moves_nothing(read: PreTrainedTokenizerBase) -> None:
    encoding = encode("good \ud800 movie", read, NO_LIMIT)
    assert encoding.ids.tolist() == encode("good ? movie", read, NO_LIMIT).ids.tolist()
    assert [unit.text for unit in units(encoding, "word")] == ["good", "\ud800", "movie"]


def test_an_unknown_word_is_one_unit_with_its_own_letters() -> None:
    encoding = encode("a ꙮꙮꙮ film", tokenizer("wordpiece"), NO_LIMIT)
    found = {unit.text: encoding.names[unit.tokens[0]] for unit in units(encoding, "token")}
    assert found["ꙮꙮꙮ"] == "[UNK]"


def test_an_accent_typed_as_a_character_of_its_own_stays_with_its_letter(read: PreTrainedTokenizerBase) -> None:
    assert seen("cafe\u0301 film", read, "word") == ["cafe\u0301", "film"]
    assert "".join(seen("cafe\u0301", read, "token")).endswith("\u0301")


def test_a_quotation_mark_made_of_two_characters_is_covered() -> None:
    assert seen("``good''", tokenizer("unigram"), "word") == ["``good''"]


def test_words_that_share_a_character_are_one() -> None:
    """ALBERT writes this ligature out as four words; in the text there is only one place for them."""
    encoding = encode("\ufdfa film", tokenizer("unigram"), NO_LIMIT)
    assert len(set(encoding.words)) > 3
    assert [unit.text for unit in units(encoding, "word")] == ["\ufdfa", "film"]


def test_tokens_that_overlap_are_one_word_however_they_lie() -> None:
    spans = ((0, 3), (0, 1), (1, 2), (3, 4))
    overlapping = Encoding("abcd", np.arange(4), np.ones(4, bool), (0, 1, 2, 3), spans, tuple("wxyz"), 0)
    assert [(unit.text, unit.tokens) for unit in units(overlapping, "word")] == [("abc", (0, 1, 2)), ("d", (3,))]


def test_hidden_characters_that_the_tokenizer_drops_are_no_part_of_a_word() -> None:
    assert seen("\u200bgood\u200b\u202e movie\x07", tokenizer("wordpiece"), "word") == ["good", "movie"]


def test_the_mark_of_a_new_word_is_no_letter_of_it() -> None:
    encoding = encode("a ꙮ", tokenizer("unigram"), NO_LIMIT)
    tokens = [(unit.text, unit.start, unit.end) for unit in units(encoding, "token")]
    assert tokens[-2:] == [("▁", 2, 2), ("ꙮ", 2, 3)]
    assert seen("a ▁", tokenizer("unigram"), "word")[-1] == "▁"  # unless it is what stands there


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("wordpiece", ["it", "'", "s", "unwatchable", ",", "well", "-", "made"]),
        ("bytes", ["it", "'s", "unwatchable", ",well", "-made"]),
        ("unigram", ["it's", "unwatchable,well-made"]),
        ("sentence", ["it's", "unwatchable,well-made"]),
    ],
)
def test_words_are_what_the_tokenizer_says_they_are(kind: str, words: list[str]) -> None:
    assert seen("it's unwatchable,well-made", tokenizer(kind), "word") == words
    assert len(seen("it's unwatchable,well-made", tokenizer(kind), "token")) > len(words)


def test_white_space_goes_with_the_word_before_it() -> None:
    for kind in ("bytes", "sentence"):
        assert seen("\n good \n\n  movie  ", tokenizer(kind), "word") == ["good", "movie"]
    encoding = encode("good  movie", tokenizer("sentence"), NO_LIMIT)
    token = [unit for unit in units(encoding, "token") if unit.start == unit.end]
    assert [(unit.text, unit.start) for unit in token] == [("▁", 4)]
    assert token[0].tokens[0] in units(encoding, "word")[0].tokens


# Sentences


SENTENCES = {
    "A good film. It is never dull! Is it? No": ["A good film.", "It is never dull!", "Is it?", "No"],
    "J.R.R. Tolkien and J. K. Rowling wrote it. Good.": ["J.R.R. Tolkien and J. K. Rowling wrote it.", "Good."],
    "Really?! Yes... well. \n\n  Bad": ["Really?!", "Yes...", "well.", "Bad"],
    'He said "good." (She left!) Why?': ['He said "good."', "(She left!)", "Why?"],
    "first line\nsecond line\r\nthird": ["first line", "second line", "third"],
    "电影很好看。我不喜欢它！好？「好。」好": ["电影很好看。", "我不喜欢它！", "好？", "「好。」", "好"],
    "Plan B... Then I. Newton. Was it I? Yes": ["Plan B...", "Then I. Newton.", "Was it I?", "Yes"],
    "Version 2.5 costs $3.99 at x.com now": ["Version 2.5 costs $3.99 at x.com now"],
    "טוב. רע": ["טוב.", "רע"],
    "\n\nGood.\n\n": ["Good."],
}


@pytest.mark.parametrize("text", SENTENCES)
def test_sentences_end_where_a_reader_would_end_them(text: str) -> None:
    for kind in ("wordpiece", "bytes", "sentence"):
        assert seen(text, tokenizer(kind), "sentence") == SENTENCES[text]


def test_a_line_of_dots_is_one_sentence_and_does_not_take_for_ever() -> None:
    text = "." * 99_000 + "x good"  # a search that starts anew at every dot looks 5 billion times
    encoding = encode(text, tokenizer("wordpiece"), limit=64)
    assert [(unit.start, unit.end) for unit in units(encoding, "sentence")] == [(0, 62)]


def test_a_token_across_a_sentence_end_stays_with_the_sentence_it_began_in() -> None:
    encoding = encode("好。好", tokenizer("unigram"), NO_LIMIT)
    joined = replace(encoding, spans=((0, 0), (0, 2), (1, 3), (0, 0)), content=np.array([False, True, True, False]))
    assert [unit.text for unit in units(joined, "sentence")] == ["好。好"]


# Anything at all

PIECES = [
    *("good movie", "unwatchable", "J.R.R.", "?!", "...", "don't", "well-made", "  ", "\n", "\t", "\x1c", "\x85", "\u3000"),
    *("e\u0301", "ﬁ", "½", "ﷺ", "¨", "``", "İ", "ẞ", "…", "\u200b", "\u200d", "\ufe0f", "\xad", "\x00", "\ud800", "\ufeff"),
    *(
        "😀",
        "👨‍👩‍👧",
        "🇩🇪",
        "电影。",
        "שלום",
        "مرحبا",
        "한",
        "\u1112\u1161\u11ab",
        "हिन्दी",
        "กำ",
        "[MASK]",
        "</s>",
        "▁",
        "##s",
        "Ġ",
    ),
]
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=5), st.text("ab .\n", max_size=8)), max_size=10).map(
    "".join
)


@given(TEXTS)
@example("¨'")
@example("e\u0301")
@example("\u200b\u0301")
@example("▁\u0301a")
@pytest.mark.parametrize("kind", KINDS)
def test_any_text_is_aligned_or_refused(kind: str, text: str) -> None:
    read = tokenizer(kind)
    try:
        encoding = encode(text, read, NO_LIMIT)
    except InvalidText:
        assert not any(reads(read, character) for character in text)
        return
    readable = text.encode("utf-8", "replace").decode("utf-8")
    assert encoding.ids.tolist() == read(readable)["input_ids"]
    assert [wrong for of in UNITS for wrong in misaligned(encoding, units(encoding, of), of, read)] == []


# The checker checked: each of these must be caught.


def aligned() -> tuple[Encoding, tuple[Unit, ...]]:
    encoding = encode("a good  movie", tokenizer("wordpiece"), NO_LIMIT)
    found = units(encoding, "word")
    assert [unit.text for unit in found] == ["a", "good", "movie"]
    assert misaligned(encoding, found, "word", tokenizer("wordpiece")) == []
    return encoding, found


def moved(unit: Unit, start: int, end: int, text: str = "a good  movie") -> Unit:
    return replace(unit, start=start, end=end, text=text[start:end])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda a, good, movie: (a, movie), "each once and in order"),
        (lambda a, good, movie: (a, good, good, movie), "each once and in order"),
        (lambda a, good, movie: (good, a, movie), "each once and in order"),
        (lambda a, good, movie: (a, replace(good, tokens=(0, *good.tokens)), movie), "each once and in order"),
        (lambda a, good, movie: (a, replace(good, text="bad"), movie), "is not the text at its span"),
        (lambda a, good, movie: (a, replace(good, start=3), movie), "is not the text at its span"),
        (lambda a, good, movie: (a, moved(good, 2, 7), movie), "white space at an end"),
        (lambda a, good, movie: (a, moved(good, 1, 6), movie), "white space at an end"),
        (lambda a, good, movie: (a, moved(good, 2, 10), movie), "is more than one word"),
        (lambda a, good, movie: (a, replace(good, start=2, end=2, text="good"), movie), "has nothing to see"),
        (lambda a, good, movie: (a, good, moved(movie, 5, 13)), "begins inside or before"),
        (lambda a, good, movie: (a, moved(good, 2, 5), movie), "'d' at 5 lies in no unit"),
    ],
)
def test_a_unit_in_the_wrong_place_is_caught(change, said: str) -> None:
    encoding, found = aligned()
    wrong = misaligned(encoding, change(*found), "word", tokenizer("wordpiece"))
    assert any(said in one for one in wrong), wrong


def test_tokens_out_of_order_are_caught() -> None:
    encoding = encode("a good  movie", tokenizer("wordpiece"), NO_LIMIT)
    first, *rest = units(encoding, "token")
    assert misaligned(encoding, (first, *rest), "token", tokenizer("wordpiece")) == []
    wrong = misaligned(encoding, (moved(first, 2, 3), *rest), "token", tokenizer("wordpiece"))
    assert "'a' at 0 lies in no unit" in wrong
    back = replace(rest[0], start=0, end=1, text="a")
    assert any(
        "begins inside or before" in one
        for one in misaligned(encoding, (moved(first, 2, 3), back), "token", tokenizer("wordpiece"))
    )
