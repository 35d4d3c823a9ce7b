"""Whether units stand where they should in a text: one checker for every tokenizer, itself checked in test_text.py."""

from functools import cache
from itertools import pairwise

from transformers import PreTrainedTokenizerBase

from sigviz.attribution import Unit
from sigviz.models.text import Encoding


def misaligned(encoding: Encoding, units: tuple[Unit, ...], kind: str, tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """What is wrong with the units of a kind, in words; empty where nothing is."""
    text, wrong = encoding.text, []
    placed = [token for unit in units for token in unit.tokens]
    if placed != [place for place, content in enumerate(encoding.content) if content]:
        wrong.append(f"tokens {placed} are not the content tokens, each once and in order")
    for unit in units:
        names = "".join(encoding.names[token] for token in unit.tokens)
        if unit.text != (text[unit.start : unit.end] if unit.start < unit.end else names):
            wrong.append(f"{unit} is not the text at its span")
        if unit.start < unit.end and unit.text != unit.text.strip():
            wrong.append(f"{unit} has white space at an end")
        if kind != "token" and unit.start == unit.end:
            wrong.append(f"{unit} has nothing to see")
        inside = {place for token in unit.tokens for place in range(*encoding.spans[token])}  # a token can't be parted
        if kind == "word" and any(text[place].isspace() for place in range(unit.start, unit.end) if place not in inside):
            wrong.append(f"{unit} is more than one word")
    for before, after in pairwise(units):
        pieces_of_one = kind == "token" and after.start >= before.start  # of one character: the bytes of an emoji
        if after.end < before.end or (after.start < before.end and not pieces_of_one):
            wrong.append(f"{after} begins inside or before {before}")
    covered = {place for unit in units for place in range(unit.start, unit.end)}
    missed = [place for place, character in enumerate(text) if place not in covered and not character.isspace()]
    return wrong + [f"{text[place]!r} at {place} lies in no unit" for place in missed if reads(tokenizer, text[place])]


@cache
def reads(tokenizer: PreTrainedTokenizerBase, character: str) -> bool:
    """Whether a tokenizer makes anything of a character that can be seen; many drop those that cannot be."""
    readable = character.encode("utf-8", "replace").decode("utf-8")
    return not character.isspace() and bool(tokenizer(readable, add_special_tokens=False)["input_ids"])
