"""Text in, Encoding out: which tokens a text becomes, which of them are content, and where each stands in the text.

The only place that calls a tokenizer.  Units (what gets a score) are made here too: tokens, words or sentences, each
with its characters in the given text.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from sigviz.attribution import Span, Unit
from sigviz.errors import InvalidText

MAX_CHARACTERS = 100_000  # longer texts are cut before they reach the tokenizer, which is linear but not free


@dataclass(frozen=True, slots=True, eq=False)
class Encoding:
    """One text as a model reads it.

    ids: int64 [T].  content: bool [T], False for the special tokens that the tokenizer added.  words: int [T], the
    tokenizer's own word of each token, -1 for special ones.  spans: characters [start, end) of each token in text, white
    space trimmed (so empty for white space), accents kept with their letters.  names: the tokens as strings.  truncated:
    tokens (or, past MAX_CHARACTERS, characters) left out.
    """

    text: str
    ids: NDArray[np.int64]
    content: NDArray[np.bool_]
    words: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    names: tuple[str, ...]
    truncated: int


def encode(text: str, tokenizer: PreTrainedTokenizerBase, limit: int) -> Encoding:
    """Tokenize `text`, cut at `limit` tokens (special ones included).

    Raises: InvalidText when nothing is left that could get a score.
    """
    return cut(encode_whole(text, tokenizer), limit, tokenizer.truncation_side)


def encode_whole(text: str, tokenizer: PreTrainedTokenizerBase) -> Encoding:
    """Tokenize `text`, however long it is (up to MAX_CHARACTERS).  Raises InvalidText for what is no string."""
    if not isinstance(text, str):
        raise InvalidText(f"The text is a {type(text).__name__}; give a string.")
    read = text[:MAX_CHARACTERS].encode("utf-8", "replace").decode("utf-8")  # lone surrogates are no characters
    made = tokenizer(read, return_offsets_mapping=True, return_special_tokens_mask=True, verbose=False)
    content = ~np.asarray(made["special_tokens_mask"], dtype=bool)
    names: list[str] = made.tokens(0)
    return Encoding(
        text=text,
        ids=np.asarray(made["input_ids"], dtype=np.int64),
        content=content,
        words=tuple(-1 if word is None else word for word in made.word_ids(0)),
        spans=tuple(_spans(read, made["offset_mapping"], names, content)),
        names=tuple(names),
        truncated=max(0, len(text) - MAX_CHARACTERS),
    )


def cut(encoding: Encoding, limit: int, side: str) -> Encoding:
    """At most `limit` tokens of it: content tokens are left out at the `side` ("left" or "right"), special ones stay.

    Cut here and not by the tokenizer, which would have to change its own settings, under the eyes of other threads.
    Raises: InvalidText when nothing is left that could get a score.
    """
    kept = _kept(encoding.content, limit, side)
    spans = tuple(encoding.spans[t] for t in kept)
    if not any(start < end for t, (start, end) in zip(kept, spans, strict=True) if encoding.content[t]):
        raise InvalidText("The text has no words to explain. Type at least one word.")
    return Encoding(
        text=encoding.text,
        ids=encoding.ids[kept],
        content=encoding.content[kept],
        words=tuple(encoding.words[t] for t in kept),
        spans=spans,
        names=tuple(encoding.names[t] for t in kept),
        truncated=encoding.truncated + len(encoding.ids) - len(kept),
    )


def _kept(content: NDArray[np.bool_], limit: int, side: str) -> list[int]:
    """Positions of the special tokens and of as many content tokens as the limit leaves room for."""
    places = np.flatnonzero(content)
    cut = max(0, min(len(places), len(content) - limit))
    dropped = places[:cut] if side == "left" else places[len(places) - cut :]
    kept: list[int] = np.delete(np.arange(len(content)), dropped).tolist()
    return kept


def units(encoding: Encoding, kind: str, within: Span | None = None) -> tuple[Unit, ...]:
    """The content tokens grouped into tokens, words or sentences, in the order of the text.

    A word is what the tokenizer says it is; where it does not split at white space itself, white space ends a word too.
    In words and sentences, tokens that stand for white space alone go with what is before them.

    within: characters [start, end); tokens that do not lie inside are in no unit, so that one that reaches beyond has only
    its part inside.  Tokens that stand for white space alone are inside where what is before them is.  None: the whole text.
    """
    groups = _groups(encoding, kind)
    if within is not None:
        inside = _inside(encoding, within)
        groups = [kept for group in groups if (kept := [t for t in group if t in inside])]
    return tuple(_unit(encoding, tuple(group)) for group in groups)


def _inside(encoding: Encoding, within: Span) -> set[int]:
    """Positions of the content tokens that lie inside."""
    places = np.flatnonzero(encoding.content).tolist()
    seen = [t for t in places if encoding.spans[t][0] < encoding.spans[t][1]]
    found, last = set(), seen[0]  # white space in front of everything goes with the first token, as it does in units
    for t in places:
        last = t if encoding.spans[t][0] < encoding.spans[t][1] else last
        start, end = encoding.spans[last]
        if within[0] <= start and end <= within[1]:
            found.add(t)
    return found


def _groups(encoding: Encoding, kind: str) -> list[list[int]]:
    """Positions of the content tokens, unit by unit."""
    positions = np.flatnonzero(encoding.content).tolist()
    if kind == "token":
        return [[position] for position in positions]
    apart = {"word": _words_apart, "sentence": _sentences_apart}[kind](encoding)
    groups: list[list[int]] = []
    last, reached = None, 0  # the last token with something to see, and how far the tokens up to here go
    for here in positions:
        start, end = encoding.spans[here]
        # tokens that overlap are pieces of one character (the bytes of an emoji, half a ligature) and stay together
        if not groups or (last is not None and reached <= start < end and apart(last, here)):
            groups.append([])
        groups[-1].append(here)
        if start < end:
            last, reached = here, max(reached, end)
    return groups


Apart = Callable[[int, int], bool]  # tells of two tokens whether they belong to different words (or sentences)


def _unit(encoding: Encoding, tokens: tuple[int, ...]) -> Unit:
    spans = [encoding.spans[t] for t in tokens if encoding.spans[t][1] > encoding.spans[t][0]]
    if not spans:
        at = encoding.spans[tokens[0]][0]
        return Unit("".join(encoding.names[t] for t in tokens), at, at, tokens)
    start, end = min(span[0] for span in spans), max(span[1] for span in spans)
    return Unit(encoding.text[start:end], start, end, tokens)


def _words_apart(encoding: Encoding) -> Apart:
    def apart(before: int, here: int) -> bool:
        between = encoding.text[encoding.spans[before][1] : encoding.spans[here][0]]
        return encoding.words[before] != encoding.words[here] or any(map(str.isspace, between))

    return apart


# each run of marks is tried once and never taken back (++), or a line of dots would take minutes
_LATIN_END = r"(?<![.!?…])(?!(?<=\b[A-Z])\.(?![.!?…]))[.!?…]++[\"'”’)\]]*+(?=\s)"
_SENTENCE_END = re.compile(_LATIN_END + r"|[。！？]+[”’」』）]*|\n+")


def _sentences_apart(encoding: Encoding) -> Apart:
    """Sentences end at . ! ? … before white space (but not after initials), at 。！？, and where lines end."""
    ends = [match.end() for match in _SENTENCE_END.finditer(encoding.text, 0, MAX_CHARACTERS)]
    sentences = np.searchsorted(ends, [start for start, _ in encoding.spans], side="right")
    return lambda before, here: bool(sentences[before] != sentences[here])


def _spans(text: str, offsets: list[tuple[int, int]], names: list[str], content: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where each token stands: without white space, but with the accents that normalising composed into its letters."""
    spans = [_trimmed(text, *offset) for offset in offsets]
    places: list[int] = np.flatnonzero(content).tolist()
    visible, marks, reached = [], [], 0
    for t, behind in zip(places, [*places, None][1:], strict=True):
        start, end = spans[t]
        if names[t] == "▁" and behind is not None and reached <= start < end and spans[behind][0] == start:
            marks.append((t, behind))  # it marks a new word and is no letter, though it is said to stand on the first one
        elif start < end:
            visible.append(t)
            reached = max(reached, end)
    _fill_gaps(text, spans, visible)
    for t, behind in marks:
        spans[t] = spans[behind][0], spans[behind][0]
    return spans


def _fill_gaps(text: str, spans: list[tuple[int, int]], visible: list[int]) -> None:
    """Give characters that no token stands for to the token that they touch, the one before them if they touch two."""
    reached = 0
    for t, behind in zip(visible, [*visible, None][1:], strict=True):
        start, end = spans[t]
        while start > reached and _is_visible(text[start - 1]):
            start -= 1
        while end < (len(text) if behind is None else spans[behind][0]) and _is_visible(text[end]):
            end += 1
        spans[t] = start, end
        reached = max(reached, end)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without the white space that byte-level and Unigram tokenizers count to the word behind it."""
    while start < end and text[end - 1].isspace():
        end -= 1
    while start < end and text[start].isspace():
        start += 1
    return start, end


def _is_visible(character: str) -> bool:
    return character.isprintable() and character != " "
