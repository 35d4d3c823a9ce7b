"""Which models can be picked by name: those that come with sigviz, and the nine checkpoints of the SIG paper."""

from dataclasses import dataclass

PREFIX = "bundled/"


@dataclass(frozen=True, slots=True)
class Entry:
    """A model that can be picked by name.

    dataset: what it was trained on.  source: where the SIG paper (arXiv:2305.15853) has numbers for it, else "".  labels:
    readable names of its classes, in their order, which the loader applies because the checkpoint itself only says LABEL_0
    and LABEL_1; empty where its own names are kept.
    """

    name: str
    title: str
    description: str
    dataset: str
    source: str = ""
    labels: tuple[str, ...] = ()


_AGAIN = "The same, trained from another random start."
_MOVIE = "movie (Rotten Tomatoes sentences)"
_SNIPPETS = {  # corpus -> what the title, the description and the data set are called
    "amazon": ("products", "product reviews", "amazon (sentences of Amazon reviews)"),
    "nyt": ("editorials", "newspaper editorials", "nyt (sentences of New York Times editorials)"),
    "tweets": ("tweets", "tweets", "tweets"),
}


def _pair(corpus: str) -> tuple[Entry, Entry]:
    title, about, dataset = _SNIPPETS[corpus]
    first = f"BERT of 6 layers, adapted to {about}. Needs no network."
    name = f"{PREFIX}minilm-{corpus}"
    return (
        Entry(name, f"MiniLM, {title}", first, dataset),
        Entry(f"{name}-2", f"MiniLM, {title}, other seed", _AGAIN, dataset),
    )


BUNDLED: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        Entry("bundled/minilm-movie", "MiniLM", "BERT of 6 layers, adapted to film reviews. Needs no network.", _MOVIE),
        Entry("bundled/minilm-movie-2", "MiniLM, other seed", _AGAIN, _MOVIE),
        Entry("bundled/distil-movie", "Small DistilBERT", "3 layers of the same base, the fastest. Needs no network.", _MOVIE),
        *(entry for corpus in _SNIPPETS for entry in _pair(corpus)),
    )
}
DEFAULT = next(iter(BUNDLED))

_SST2_DISTILBERT = "distilbert/distilbert-base-uncased-finetuned-sst-2-english"
ALIASES = {_SST2_DISTILBERT.partition("/")[2]: _SST2_DISTILBERT}  # as the papers write it
_BASES = {"DistilBERT": "distilbert-base-uncased", "RoBERTa": "roberta-base", "BERT": "bert-base-uncased"}
_PAPER = {"SST-2": "Table 1", "IMDB": "Table 2", "Rotten Tomatoes": "Table 3"}  # rows: _BASES


def _preset(dataset: str, architecture: str) -> Entry:
    suffix = dataset if dataset == "SST-2" else dataset.lower().replace(" ", "-")
    own = (dataset, architecture) == ("SST-2", "DistilBERT")
    name = _SST2_DISTILBERT if own else f"textattack/{_BASES[architecture]}-{suffix}"
    about = f"{architecture} (base), fine-tuned on {dataset}. Comes from the Hub."
    labels = () if own else ("negative", "positive")  # textattack's checkpoints name their classes LABEL_0 and LABEL_1
    return Entry(name, f"{architecture}, {dataset}", about, dataset, _PAPER[dataset], labels)


PRESETS: dict[str, Entry] = {
    entry.name: entry for entry in (_preset(dataset, base) for dataset in _PAPER for base in _BASES)
}  # the nine checkpoints of the SIG paper


def models() -> list[Entry]:
    """Every model that can be picked by name: the bundled ones, then the paper's."""
    return [*BUNDLED.values(), *PRESETS.values()]


def twin(name: str) -> str | None:
    """The bundled model that differs from this bundled one by its random start alone; None where there is none."""
    other = name.removesuffix("-2") if name.endswith("-2") else f"{name}-2"
    return other if {name, other} <= {*BUNDLED} else None
