"""Text in, Encoding out: which tokens a text becomes, which of them are content, and where each stands in the text.

The only place that calls a tokenizer.  Units (what gets a score) are made here too: tokens, words or sentences, each
with its characters in the given text.
"""

import re
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from sigviz.attribution import Unit
from sigviz.errors import InvalidText

MAX_CHARACTERS = 100_000  # longer texts are cut before they reach the tokenizer, which is linear but not free


@dataclass(frozen=True, slots=True, eq=False)
class Encoding:
    """One text as a model reads it.

    ids: int64 [T].  content: bool [T], False for the special tokens that the tokenizer added.  words: int [T], the
    tokenizer's own word of each token, -1 for special ones.  spans: characters [start, end) of each token in text, white
    space trimmed.  names: the tokens as strings.  truncated: tokens (or, past MAX_CHARACTERS, characters) left out.
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
    if not isinstance(text, str):
        raise InvalidText(f"The text is a {type(text).__name__}; give a string.")
    read = text[:MAX_CHARACTERS].encode("utf-8", "replace").decode("utf-8")  # lone surrogates are no characters
    made = tokenizer(read, return_offsets_mapping=True, return_special_tokens_mask=True, verbose=False)
    whole = len(made["input_ids"])
    if whole > limit:
        made = tokenizer(
            read, return_offsets_mapping=True, return_special_tokens_mask=True, truncation=True, max_length=limit, verbose=False
        )
    ids = np.asarray(made["input_ids"], dtype=np.int64)
    content = ~np.asarray(made["special_tokens_mask"], dtype=bool)
    if not content.any():
        raise InvalidText("The text has no words to explain. Type at least one word.")
    words = tuple(-1 if word is None else word for word in made.word_ids(0))
    return Encoding(
        text=text,
        ids=ids,
        content=content,
        words=words,
        spans=tuple(_trimmed(read, *span) for span in made["offset_mapping"]),
        names=tuple(tokenizer.convert_ids_to_tokens(ids.tolist())),
        truncated=max(0, whole - len(ids)) + max(0, len(text) - MAX_CHARACTERS),
    )


def units(encoding: Encoding, kind: str) -> tuple[Unit, ...]:
    """The content tokens grouped into tokens, words or sentences, in the order of the text.

    A word is what the tokenizer says it is; where it does not split at white space itself, white space ends a word too.
    """
    positions = np.flatnonzero(encoding.content).tolist()
    keys = {"token": positions, "word": _words(encoding, positions), "sentence": _sentences(encoding, positions)}[kind]
    grouped = groupby(zip(keys, positions, strict=True), key=lambda pair: pair[0])
    return tuple(_unit(encoding, tuple(position for _, position in group)) for _, group in grouped)


def _unit(encoding: Encoding, tokens: tuple[int, ...]) -> Unit:
    spans = [encoding.spans[t] for t in tokens if encoding.spans[t][1] > encoding.spans[t][0]]
    if not spans:
        at = encoding.spans[tokens[0]][0]
        return Unit("".join(encoding.names[t] for t in tokens), at, at, tokens)
    start, end = min(span[0] for span in spans), max(span[1] for span in spans)
    return Unit(encoding.text[start:end], start, end, tokens)


def _words(encoding: Encoding, positions: list[int]) -> list[int]:
    """A running number per token that grows where a new word begins."""
    numbers, word = [], -1
    for before, here in zip([None, *positions], positions, strict=False):
        begins = (
            before is None
            or encoding.words[before] != encoding.words[here]
            or bool(re.search(r"\s", encoding.text[encoding.spans[before][1] : encoding.spans[here][0]]))
        )
        word += begins
        numbers.append(word)
    return numbers


_SENTENCE_END = re.compile(r"(?<!\b[A-Z]\.)[.!?…]+[\"'”’)\]]*(?=\s)|[。！？]+|\n+")


def _sentences(encoding: Encoding, positions: list[int]) -> list[int]:
    """The sentence of each token: sentences end at . ! ? … before white space (but not after initials), and at line ends."""
    ends = [match.end() for match in _SENTENCE_END.finditer(encoding.text)]
    starts = np.asarray([encoding.spans[t][0] for t in positions])
    numbers: list[int] = np.searchsorted(ends, starts, side="right").tolist()
    return numbers


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without the white space that byte-level and Unigram tokenizers count to the word behind it."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
