"""Sentences to start from, each with what it shows."""

TABLE_5 = "Table 5 of the SIG paper (arXiv:2305.15853)"
EXAMPLES = {  # sentence -> where it is from or what it is good for
    "a well-made and often lovely depiction of the mysteries of friendship .": TABLE_5,
    "a hideous , confusing spectacle , one that may well put the nail in the coffin of any future rice adaptations .": TABLE_5,
    "this is junk food cinema at its greasiest .": TABLE_5,
    "a remarkable 179-minute meditation on the nature of revolution .": TABLE_5,
    "not bad at all, and never dull for a moment": "negation",
    "the acting is wonderful, but the story is a mess from start to finish": "two opinions in one sentence",
    "another two hours of my life that I will never get back": "no word of feeling in it",
    "I expected little. The first act is slow and the jokes fall flat. Then the story turns, and it is breathtaking.": (
        "several sentences: try the unit sentence"
    ),
}
FIRST = next(iter(EXAMPLES))
