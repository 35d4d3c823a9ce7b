"""What this server refuses, in words: each check stands where work is asked for, so a forged link or message meets it, too.

The bounds are those of sigviz.hosting.  A widget's own maximum only saves visitors a refusal.
"""

from collections.abc import Iterable

from sigviz.attribution import Settings, quoted
from sigviz.errors import InvalidSettings, InvalidText, ModelUnavailable
from sigviz.explain import estimate
from sigviz.hosting import hosting
from sigviz.methods import METHODS
from sigviz.models.classifier import TextClassifier
from sigviz.studies import batch, corpora

MAX_CHARACTERS = 20_000  # of a text
SERIES = 20  # explanations that a computation of a teaching page may be worth
VOCABULARY = 300_000  # words that one may look at, each counted like a pass, though it is none
SENTENCE = 64  # tokens: for which a study's methods are weighed, since its texts are not known yet


def check_model(name: str) -> None:
    """Raises ModelUnavailable for a model that is not on this server's list."""
    if not hosting().offers(name):
        raise ModelUnavailable(f"This server does not offer {quoted(name)}. Choose one of: {', '.join(hosting().models)}.")


def check_text(classifier: TextClassifier, text: str) -> None:
    """Raises InvalidText for a text that is longer than this server takes."""
    if len(text) > MAX_CHARACTERS:
        raise InvalidText(f"The text has {len(text):,} characters; this server takes {MAX_CHARACTERS:,}. Shorten it.")
    most = hosting().max_tokens
    if most is not None and text.strip():
        read = classifier.encode(text)
        tokens = len(read.ids) + read.truncated
        if tokens > most:
            raise InvalidText(f"The text has {tokens:,} tokens; this server takes {most:,}. Shorten it.")


def check_explanation(classifier: TextClassifier, text: str, settings: Settings) -> None:
    """Raises InvalidText or InvalidSettings for an explanation that is more than this server does."""
    check_text(classifier, text)
    if hosting().max_passes is not None and not _may_end_early(settings):
        cost = estimate(classifier, text, settings)
        check_passes(round(batch.work(cost) / cost.tokens), METHODS[settings.method].label)


def check_passes(passes: int, what: str = "This") -> None:
    """Raises InvalidSettings for more passes than this server spends on one explanation.  what: begins the message."""
    most = hosting().max_passes
    if most is not None and passes > most:
        raise InvalidSettings(
            f"{what} would take {passes:,} passes through the model; this server spends {most:,} on one explanation. Use "
            "fewer steps or samples, a shorter text, or larger units."
        )


def check_series(passes: int) -> None:
    """The same for a teaching page's computation, which asks for several explanations, or looks through a vocabulary."""
    most = hosting().max_passes
    if most is not None and passes > max(SERIES * most, VOCABULARY):
        check_passes(passes)


def check_runs(runs: Iterable[Settings]) -> None:
    """Raises InvalidSettings for a method that is more than this server does, even on a sentence."""
    for settings in runs:
        if not _may_end_early(settings):
            check_passes(sum(METHODS[settings.method].passes(settings, SENTENCE)), METHODS[settings.method].label)


def check_texts(count: int) -> None:
    """Raises InvalidSettings for more texts than this server takes for one batch or study."""
    most = hosting().max_texts
    if count > most:
        raise InvalidSettings(f"There are {count:,} texts; this server takes {most:,} at once. Leave some out.")


def check_upload(name: str, size: int) -> None:
    """Raises InvalidText for a file that is larger than this server takes.  size: bytes."""
    most = hosting().max_upload_mb
    if size > most * 2**20:
        raise InvalidText(f"{quoted(name)} has more than {most} MB, which is what this server takes. Cut it into parts.")


def check_corpus(name: str) -> None:
    """Raises InvalidSettings for a data set that visitors of a public server must not have fetched: it may have 4 GB."""
    known = [entry.name for entry in corpora.known()]
    if hosting().public and name not in known:
        raise InvalidSettings(f"This server does not fetch the data set {quoted(name)}. Choose one of: {', '.join(known)}.")


def _may_end_early(settings: Settings) -> bool:
    """Whether the method's cost is known as an upper bound alone: it is then stopped at the bound, and not refused."""
    return any(option.optional and settings.option(option.name) is not None for option in METHODS[settings.method].options)
