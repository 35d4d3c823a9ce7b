"""Data sets of the Hugging Face Hub, through the library `datasets`, and every way in which that fails, in words.

No code of a data set is run: `datasets` has none to run since its version 4, and only plain tables (Parquet, Arrow, CSV,
JSON, lines of text) that lie in the data set's own repository are read.  What is prepared is kept in the library's cache
(HF_DATASETS_CACHE, or datasets/ in HF_HOME), and used as it stands where the Hub can't be reached.  Every split is
fetched, whichever is asked for: that is how the library keeps them.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from huggingface_hub import HfApi, constants, errors
from huggingface_hub.utils import httpx, validate_repo_id  # type: ignore[attr-defined] # its lazy exports

from sigviz.errors import CorpusUnavailable, SigvizError
from sigviz.models.hub import shown
from sigviz.studies import columns, labels
from sigviz.studies.files import LONGEST, MOST

if TYPE_CHECKING:
    from datasets import Dataset, DatasetBuilder

BYTES = 4 * 2**30  # of all files of a data set; IMDB has 80 MB
_TABLES = (".parquet", ".arrow", ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".txt")
_SETTINGS = ".huggingface.yaml"  # may point anywhere, and is read before anything can be checked
_TIMEOUT = 20  # seconds without an answer
_BATCH = 1_000  # rows at a time
_ELSE = "or choose a corpus that is named by sigviz or a file on this machine."
_UNREACHED = f"The Hub cannot be reached and {{name}} is not here yet. Check the network (and HF_HUB_OFFLINE), {_ELSE}"


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one split that were chosen.

    ids: position of each in the split, from 0; labels, label_names: as in files.Table; empty: how many rows of the whole
    split hold no text and could not be chosen; commit: of the data set's repository; licence: as its card names it, or "".
    """

    ids: tuple[int, ...]
    texts: tuple[str, ...]
    labels: tuple[int | None, ...]
    label_names: tuple[str, ...]
    empty: int
    commit: str
    licence: str


Choose = Callable[[list[int]], list[int]]


def load(name: str, split: str, choose: Choose = list) -> Part:
    """One split of a data set.  name: owner/name, or owner/name:configuration; choose: which of the rows with a text.

    Raises: CorpusUnavailable.
    """
    repository, _, configuration = name.partition(":")
    _refuse_malformed(repository)
    with _quiet(), _in_words(repository):
        commit, licence = _describe(repository)
        builder = (
            _builder(repository, configuration or None, commit) if commit else _earlier(repository, configuration or None)
        )
        _refuse_unknown(repository, split, builder)
        builder.download_and_prepare()
        if split not in builder.info.splits:
            raise _no_split(repository, split, list(builder.info.splits))
        data = builder.as_dataset(split=split)
        return _part(repository, data, choose, commit or str(builder.hash), licence)


def _part(name: str, data: "Dataset", choose: Choose, commit: str, licence: str) -> Part:
    text, label, _ = columns.found(data.column_names, shown(name))
    if getattr(data.features[text], "dtype", "") not in ("string", "large_string"):
        raise CorpusUnavailable(f"The column {text} of {shown(name)} holds no strings. Choose another data set.")
    data = data.select_columns([column for column in (text, label) if column])
    filled = [at for at, written in enumerate(_each(data, text)) if written and written.strip()]
    chosen = choose(filled)
    if not chosen:
        raise CorpusUnavailable(f"This split of {shown(name)} holds no text. Choose another one.")
    if len(chosen) > MOST:
        raise CorpusUnavailable(f"This split of {shown(name)} has {len(chosen):,} texts; {MOST:,} are the most. Give a limit.")
    taken = data.select(chosen)
    texts = tuple(_each(taken, text))
    for at, written in zip(chosen, texts, strict=True):
        if len(written) > LONGEST:
            raise CorpusUnavailable(
                f"The text in row {at} of {shown(name)} has {len(written):,} characters; {LONGEST:,} are the most. "
                "Take a smaller sample, or another seed."
            )
    names = tuple(getattr(data.features[label], "names", None) or ()) if label else ()
    cells = [labels.cell(value, f"row {at}") for at, value in zip(chosen, _each(taken, label), strict=True)] if label else []
    numbers, found = labels.numbered(cells) if label else ((None,) * len(chosen), ())
    return Part(tuple(chosen), texts, numbers, names or found, len(data) - len(filled), commit, licence)


def _each(data: "Dataset", column: str) -> Iterator[Any]:
    for start in range(0, len(data), _BATCH):
        yield from data[start : start + _BATCH][column]


def _describe(name: str) -> tuple[str | None, str]:
    """(commit, licence) of a data set whose files may be fetched; (None, "") where the Hub can't be reached."""
    try:
        if os.environ.get("HF_HUB_OFFLINE", "").upper() in constants.ENV_VARS_TRUE_VALUES:
            return None, ""
        endpoint = os.environ.get("HF_ENDPOINT", constants.ENDPOINT).rstrip("/")
        info = HfApi(endpoint=endpoint).dataset_info(name, files_metadata=True, timeout=_TIMEOUT)
    except httpx.RequestError:
        return None, ""
    except errors.HfHubHTTPError as error:
        if error.response.status_code >= 500:
            return None, ""
        raise
    except (ValueError, KeyError, TypeError) as error:  # a login page, or anything else in JSON's place
        raise CorpusUnavailable(
            "What answers in the Hub's place does not speak its language. Check HF_ENDPOINT, HF_TOKEN and the proxy."
        ) from error
    files = {file.rfilename: file.size or 0 for file in info.siblings or ()}
    if f"{name.rpartition('/')[2]}.py" in files:
        raise CorpusUnavailable(f"{shown(name)} is made by a script, and no code of a data set is run. Choose another one.")
    size = sum(size for file, size in files.items() if file.endswith(_TABLES))
    if size > BYTES:
        raise CorpusUnavailable(
            f"{shown(name)} has {size / 2**30:,.0f} GB; {BYTES // 2**30} GB are the most. Choose another one."
        )
    card = info.card_data.to_dict() if info.card_data else {}  # type: ignore[no-untyped-call]
    if _SETTINGS in files or any(_leads_away(pattern) for pattern in _patterns(card.get("configs"))):
        raise CorpusUnavailable(f"{shown(name)} takes files from elsewhere, so sigviz does not read it. Choose another one.")
    return str(info.sha), _licence(card)


def _licence(card: dict[str, Any]) -> str:
    named = card.get("license") or ""
    return ", ".join(map(str, named)) if isinstance(named, list) else str(named)


def _patterns(card: Any) -> Iterator[str]:
    """Every string in the card's list of configurations: names and file patterns alike."""
    if isinstance(card, str):
        yield card
    elif isinstance(card, dict | list):
        for inner in card.values() if isinstance(card, dict) else card:
            yield from _patterns(inner)


def _leads_away(pattern: str) -> bool:
    return pattern.startswith(("/", "~", "\\")) or "://" in pattern or "::" in pattern or ".." in re.split(r"[/\\]", pattern)


def _builder(name: str, configuration: str | None, commit: str) -> "DatasetBuilder":
    import datasets  # seconds to import, and only these corpora need it

    # with hf:// a folder of the same name on this machine is not taken for the data set
    try:
        builder = datasets.load_dataset_builder(f"hf://datasets/{name}", configuration, revision=commit, cache_dir=_cache())
    except ValueError as error:
        found = re.search(r"pick one among the available configs: (\[.*?\])|[Aa]vailable: (\[.*?\])", str(error))
        if found is None and "onfig" not in str(error):
            raise
        listed = (found.group(1) or found.group(2)).strip("[]").replace("'", "") if found else "see its page on the Hub"
        given = f"has no configuration {shown(configuration)}" if configuration else "has several configurations"
        raise CorpusUnavailable(f"{shown(name)} {given}. Give {name}:NAME, NAME one of: {listed[:500]}.") from error
    for file in _files(builder):
        inside = file.startswith(f"hf://datasets/{name}@")
        if not inside or not file.endswith(_TABLES):
            what = "no plain tables" if inside else "files from elsewhere"
            raise CorpusUnavailable(f"{shown(name)} has {what}, so sigviz does not read it. Choose another one.")
    return builder


def _earlier(name: str, configuration: str | None) -> "DatasetBuilder":
    """What an earlier download left in the cache.  The library looks there too, but only after half a minute of retries."""
    from datasets.packaged_modules.cache.cache import Cache

    try:
        return Cache(
            cache_dir=_cache(),
            dataset_name=name.rpartition("/")[2],
            repo_id=name,
            config_name=configuration,
            version="auto",
            hash="auto",
        )
    except (ValueError, OSError) as error:
        raise CorpusUnavailable(_UNREACHED.format(name=shown(name))) from error


def _files(builder: "DatasetBuilder") -> list[str]:
    """The files that the builder would fetch; none where it reads the cache."""
    return [str(file) for files in (builder.config.data_files or {}).values() for file in files]


def _refuse_unknown(name: str, split: str, builder: "DatasetBuilder") -> None:
    """Before anything is fetched, where the splits are known by then."""
    known = list(builder.info.splits or builder.config.data_files or ())
    if known and split not in known:
        raise _no_split(name, split, known)


def _no_split(name: str, split: str, known: list[str]) -> CorpusUnavailable:
    return CorpusUnavailable(f"{shown(name)} has no split {shown(split)}. Choose one of: {', '.join(map(str, known[:20]))}.")


def _cache() -> str | None:
    """The library's own folder, as the environment names it now, not when the library was imported."""
    home = os.environ.get("HF_HOME")
    named = os.environ.get("HF_DATASETS_CACHE") or (os.path.join(home, "datasets") if home else None)
    return os.path.expanduser(named) if named else None


def _refuse_malformed(name: str) -> None:
    try:
        validate_repo_id(name)
        if name.count("/") != 1:
            raise errors.HFValidationError
    except errors.HFValidationError as error:
        raise CorpusUnavailable(f"{shown(name)} is no data set's id. Give owner/name as on the Hub, {_ELSE}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """No progress bars and no chatter, which would end up among the results of a command."""
    import datasets

    bars, level = datasets.are_progress_bars_disabled(), datasets.logging.get_verbosity()
    datasets.disable_progress_bars()
    datasets.logging.set_verbosity(datasets.logging.CRITICAL)  # what goes wrong is raised as well
    try:
        yield
    finally:
        datasets.logging.set_verbosity(level)
        if not bars:
            datasets.enable_progress_bars()


@contextmanager
def _in_words(name: str) -> Iterator[None]:
    """Turn whatever goes wrong on the way to the Hub, in its cache or in the data set's files, into CorpusUnavailable."""
    import datasets

    try:
        yield
    except SigvizError:
        raise
    except (httpx.HTTPError, httpx.InvalidURL, OSError, datasets.exceptions.DatasetsError, ValueError, RuntimeError) as error:
        raise CorpusUnavailable(_words(error).format(name=shown(name))) from error


def _words(error: BaseException) -> str:
    import datasets

    if isinstance(error, errors.GatedRepoError) or "gated dataset" in str(error):
        return f"{{name}} is gated. Accept its terms on the Hub and set HF_TOKEN, {_ELSE}"
    if isinstance(error, (errors.RepositoryNotFoundError, datasets.exceptions.DatasetNotFoundError)):
        return f"The Hub has no data set {{name}}, or it is private. Check the spelling (owner/name), or set HF_TOKEN, {_ELSE}"
    if isinstance(error, errors.HfHubHTTPError):
        return f"The Hub failed on {{name}} (HTTP {error.response.status_code}). Try again in a few minutes, {_ELSE}"
    if isinstance(error, (ConnectionError, httpx.HTTPError, errors.OfflineModeIsEnabled, errors.LocalEntryNotFoundError)):
        return _UNREACHED
    if isinstance(error, FileNotFoundError):
        return "{name} holds no tables that can be read. Choose another data set."
    if isinstance(error, PermissionError):
        return "The cache of data sets cannot be written to. Set HF_HOME to a folder that can."
    if isinstance(error, OSError) and error.errno == 28:
        return "The disk is full: {name} cannot be stored. Free some space, or set HF_HOME to a folder with more."
    return "{name} cannot be read: its files are damaged, or no plain tables. Choose another data set."
