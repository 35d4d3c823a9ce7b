"""Fetching from the Hugging Face Hub, and every way in which that fails, in words.

Only files that cannot carry code are ever asked for: configuration, tokenizer files and safetensors.  Never a pickle
(*.bin), never Python (*.py).  HF_ENDPOINT, HF_HOME, HF_HUB_CACHE and HF_HUB_OFFLINE are read at every call, HF_TOKEN by
the library.  Where the Hub can't be reached, an earlier download is used as it stands.
"""

import errno
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, constants, errors, hf_hub_download, snapshot_download, try_to_load_from_cache
from huggingface_hub.utils import httpx, validate_repo_id  # type: ignore[attr-defined] # its lazy exports

from sigviz.errors import Cancelled, ModelUnavailable, ModelUnsupported, SigvizError

constants.HF_HUB_DISABLE_XET = True  # plain HTTP: its chunks count bytes for `progress` and can be cancelled

CONFIG = "config.json"
INDEX = "model.safetensors.index.json"
SHARD = re.compile(r"model-\d{5}-of-\d{5}\.safetensors")
_SENTENCEPIECE = ("spiece.model", "sentencepiece.bpe.model", "tokenizer.model", "spm.model")
_VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json", *_SENTENCEPIECE)
_TOKENIZER = (*_VOCABULARIES, "merges.txt", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
_CONVERTER = "SFconvertbot"  # the Hub's own account: rewrites pickles as safetensors and proposes them in a pull request
_CONVERTED = "sigviz-converted"  # the cache's name for the commit that was taken from the converter
_REVISION = re.compile(r"(?!.*\.\.)\w[\w./-]{0,199}", re.ASCII)
_TIMEOUT = 10  # seconds for an answer to a question; the library's own default is to wait for ever

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A model's files on this machine.  revision: the commit they are of.  notes: what a reader must know, in sentences."""

    folder: Path
    revision: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Listing:
    """What the Hub holds at one commit.  sizes: bytes of every file, 0 where it does not say."""

    commit: str
    sizes: Mapping[str, int]
    notes: tuple[str, ...]


def fetch_model(
    name: str,
    revision: str | None = None,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
    check: Callable[[Path], object] | None = None,
) -> Snapshot:
    """Download what a model needs, unless it is here already: configuration, tokenizer and safetensors.

    progress(bytes done, bytes in all) never falls and ends at the total.  check(folder) is called when everything but the
    weights is there: what it raises saves their download.  Where the main branch has no safetensors, those that the Hub's
    own converter has proposed for it are taken, with a note.

    Raises: ModelUnavailable, ModelUnsupported (it is an adapter), Cancelled.
    """
    _refuse_malformed(name, revision)
    with _in_words(name):
        try:
            listing = _listing(name, revision)
            if revision is None and not weight_files(listing.sizes):
                listing = _converted(name) or listing
        except Exception as error:
            earlier = _earlier(name, revision) if _unreachable(error) else None
            if earlier is None:
                raise
            return earlier
        refuse_incomplete(name, listing.sizes)
        folder = _download(name, listing, _Meter(progress, cancel), check)
    _remember(folder, _CONVERTED if listing.notes else revision or constants.DEFAULT_REVISION)
    return Snapshot(folder, listing.commit, listing.notes)


def fetch_file(
    repository: str, name: str, hint: str = "", progress: Progress | None = None, cancel: threading.Event | None = None
) -> Path:
    """One file of a repository, out of the cache where it has it: for callers that know the content they want by its hash.

    Raises: ModelUnavailable, its message ending with `hint`, what to do instead; Cancelled.
    """
    cached = try_to_load_from_cache(repository, name, cache_dir=_cache())
    if isinstance(cached, str):
        return Path(cached)
    try:
        with _in_words(repository):
            listing, meter = _listing(repository, None), _Meter(progress, cancel)
            meter.total = listing.sizes.get(name, 0)
            path = _fetch(repository, name, listing, meter)
    except ModelUnavailable as error:
        raise ModelUnavailable(f"{error} Or: {hint}" if hint else str(error)) from error
    _remember(path.parent, constants.DEFAULT_REVISION)
    return path


def weight_files(names: Iterable[str]) -> tuple[str, ...]:
    """Which of these files hold the weights as safetensors: one, or an index and its shards; none if none do."""
    found = set(names)
    shards = sorted(filter(SHARD.fullmatch, found))
    if "model.safetensors" in found:
        return ("model.safetensors",)
    return (INDEX, *shards) if INDEX in found and shards else ()


def shown(name: str) -> str:
    """A name as a message may hold it: quoted, on one line, at most 100 characters."""
    return "'" + "".join(c if c.isprintable() else "?" for c in name[:100]) + ("…'" if len(name) > 100 else "'")


def refuse_incomplete(name: str, files: Iterable[str]) -> None:
    """Raise ModelUnavailable or ModelUnsupported if these files of a model cannot be all that is needed."""
    found = set(files)
    if "adapter_config.json" in found:
        raise ModelUnsupported(f"{shown(name)} holds an adapter, not a whole model. Merge it into its base model first.")
    if CONFIG not in found:
        raise ModelUnavailable(f"{shown(name)} has no {CONFIG}, so it is no transformers model. Choose another one.")
    if not found.intersection(_VOCABULARIES):
        raise ModelUnavailable(f"{shown(name)} has no tokenizer, so it cannot read a text. Choose another model.")
    if not weight_files(found):
        raise ModelUnavailable(
            f"{shown(name)} has no safe weights: it holds no safetensors, and formats that can carry code are never read. "
            "Ask its owner to add them, or convert it yourself with save_pretrained and give the folder."
        )


def _refuse_malformed(name: str, revision: str | None) -> None:
    try:
        validate_repo_id(name)
    except errors.HFValidationError as error:
        raise ModelUnavailable(
            f"{shown(name)} is not a model's id. Give owner/name as on the Hub (no spaces, no web address), a bundled model, "
            "or an existing folder."
        ) from error
    if revision is not None and not _REVISION.fullmatch(revision):
        raise ModelUnavailable(f"{shown(revision)} is not a revision. Give a branch, a tag or a commit of {shown(name)}.")


def _listing(name: str, revision: str | None, notes: tuple[str, ...] = ()) -> _Listing:
    try:
        info = _api().model_info(name, revision=revision, files_metadata=True, timeout=_TIMEOUT)
        return _Listing(str(info.sha), {file.rfilename: file.size or 0 for file in info.siblings or ()}, notes)
    except errors.HfHubHTTPError:
        raise
    except (ValueError, KeyError, TypeError) as error:  # a login page, or anything else in JSON's place
        raise ModelUnavailable(_NOT_THE_HUB) from error


def _converted(name: str) -> _Listing | None:
    """The files in the converter's pull request, if there is one that the owner did not turn down."""
    try:
        pulls = list(islice(_api().get_repo_discussions(name, author=_CONVERTER, discussion_type="pull_request"), 100))
    except errors.HfHubHTTPError as error:
        if _unreachable(error):
            raise
        return None  # discussions can be switched off
    for pull in pulls:
        # anybody may propose weights: the author is checked here too, not only by the Hub's filter
        if pull.author == _CONVERTER and pull.is_pull_request and pull.status in ("open", "merged"):
            with suppress(errors.RevisionNotFoundError):
                listing = _listing(name, f"refs/pr/{pull.num}", (_converted_note(f"pull request {pull.num}"),))
                if weight_files(listing.sizes):
                    return listing
    return None


def _converted_note(where: str) -> str:
    return f"The main branch has no safetensors: the weights are those of {where} by {_CONVERTER}, the Hub's own converter."


def _download(name: str, listing: _Listing, meter: "_Meter", check: Callable[[Path], object] | None) -> Path:
    """What is needed of the listing; the weights come last, so a folder that has them has everything."""
    small = [CONFIG, *(file for file in _TOKENIZER if file in listing.sizes)]
    large = weight_files(listing.sizes)
    meter.total = sum(listing.sizes[file] for file in (*small, *large))
    for file in small:
        folder = _fetch(name, file, listing, meter).parent
    if check:
        check(folder)
    for file in large:
        _fetch(name, file, listing, meter)
    return folder


def _fetch(name: str, file: str, listing: _Listing, meter: "_Meter") -> Path:
    bar: Any = lambda **_: nullcontext(meter)  # noqa: E731 # in place of a tqdm class
    # by commit, not by branch, which may move while its files are fetched
    path = hf_hub_download(name, file, revision=listing.commit, cache_dir=_cache(), endpoint=_endpoint(), tqdm_class=bar)
    meter.finish(listing.sizes.get(file, 0))
    return Path(path)


class _Meter:
    """Bytes done over all files of a model; to the library as much of a tqdm as its downloads use.  Raises Cancelled."""

    def __init__(self, progress: Progress | None, cancel: threading.Event | None) -> None:
        self.total = 0
        self._progress, self._cancel = progress, cancel
        self._finished = self._current = self._told = 0

    def update(self, n: int) -> None:
        self._current += n
        self._tell(min(self._finished + self._current, self.total))

    def finish(self, size: int) -> None:
        self._finished, self._current = self._finished + size, 0
        self._tell(self._finished)

    def _tell(self, done: int) -> None:
        if self._cancel and self._cancel.is_set():
            raise Cancelled("The download was cancelled.")
        if self._progress and done > self._told:  # a file that has to start again falls back
            self._told = done
            self._progress(done, self.total)


def _earlier(name: str, revision: str | None) -> Snapshot | None:
    """An earlier download of the whole model, if the cache holds one."""
    note = "The Hub could not be reached: this is the copy from an earlier download."
    for ref in (revision,) if revision else (constants.DEFAULT_REVISION, _CONVERTED):
        with suppress(errors.LocalEntryNotFoundError):
            found = snapshot_download(name, revision=ref, cache_dir=_cache(), local_files_only=True, allow_patterns=CONFIG)
            if weight_files(os.listdir(found)):
                converted = (_converted_note("a pull request"),) if ref == _CONVERTED else ()
                return Snapshot(Path(found), Path(found).name, (note, *converted))
    return None


def _remember(folder: Path, reference: str) -> None:
    """Name a commit in the cache, as the library does for downloads by branch: without a network it is found by that name."""
    if reference != folder.name:
        with suppress(OSError):  # the cache may be read-only
            file = folder.parent.parent / "refs" / reference
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(folder.name)


def _endpoint() -> str:
    return os.environ.get("HF_ENDPOINT", constants.ENDPOINT).rstrip("/")


def _cache() -> str:
    home = os.environ.get("HF_HOME")
    cache = os.environ.get("HF_HUB_CACHE") or (os.path.join(home, "hub") if home else constants.HF_HUB_CACHE)
    return os.path.expandvars(os.path.expanduser(cache))


def _api() -> HfApi:
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in constants.ENV_VARS_TRUE_VALUES:
        raise errors.OfflineModeIsEnabled  # the library reads the variable only when it is imported
    return HfApi(endpoint=_endpoint())


def _unreachable(error: BaseException) -> bool:
    if isinstance(error, errors.HfHubHTTPError):
        return error.response.status_code >= 500
    return isinstance(error, (errors.OfflineModeIsEnabled, httpx.RequestError))


@contextmanager
def _in_words(name: str) -> Iterator[None]:
    """Turn whatever goes wrong on the way to the Hub, or in its cache, into ModelUnavailable."""
    try:
        yield
    except SigvizError:
        raise
    except (httpx.HTTPError, httpx.InvalidURL, errors.EntryNotFoundError, OSError) as error:
        raise ModelUnavailable(_words(error).format(name=shown(name))) from error


_ELSE = "or choose a bundled model or a folder on this machine."
_NOT_THE_HUB = "What answers in the Hub's place does not speak its language. Check HF_ENDPOINT, HF_TOKEN and the proxy."
_BROKEN_OFF = "The download of {name} broke off halfway. Try again: files that are complete are kept."
_BY_TYPE: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (  # the first that fits
    (errors.GatedRepoError, f"{{name}} is gated. Accept its terms on the Hub and set HF_TOKEN, {_ELSE}"),
    (errors.RevisionNotFoundError, "{name} has no such revision. Check it, or leave it out for the newest one."),
    (errors.RemoteEntryNotFoundError, "{name} does not hold a file that is needed. Choose another model."),
    (errors.RepositoryNotFoundError, "The Hub has no model {name}, or it is private. Check the spelling, or set HF_TOKEN."),
    (errors.OfflineModeIsEnabled, f"Offline mode is on and {{name}} is not here yet. Unset HF_HUB_OFFLINE, {_ELSE}"),
    ((errors.FileMetadataError, httpx.InvalidURL), _NOT_THE_HUB),
    ((httpx.ReadError, httpx.ReadTimeout, httpx.RemoteProtocolError), _BROKEN_OFF),
    (httpx.RequestError, f"The Hub cannot be reached and {{name}} is not here yet. Check the network, {_ELSE}"),
    (PermissionError, "The Hub's cache cannot be written to. Set HF_HOME to a folder that can."),
)
_BY_STATUS = {
    401: "The Hub does not accept the access token. Set HF_TOKEN to a valid one, or unset it for public models.",
    403: f"The Hub refuses access to {{name}}. Set HF_TOKEN to a token that may read it, {_ELSE}",
    404: "The Hub has no model {name}. Check the spelling: owner/name.",
    429: "The Hub is being asked too often from here. Wait a few minutes, or set HF_TOKEN.",
}


def _words(error: BaseException) -> str:
    if isinstance(error, errors.LocalEntryNotFoundError) and error.__cause__:  # the library's wrapping: the cause says more
        error = error.__cause__
    for kinds, words in _BY_TYPE:
        if isinstance(error, kinds):
            return words
    if isinstance(error, errors.HfHubHTTPError):
        status = error.response.status_code
        return _BY_STATUS.get(status, f"The Hub failed on {{name}} (HTTP {status}). Try again in a few minutes, {_ELSE}")
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "The disk is full: {name} cannot be stored. Free some space, or set HF_HOME to a folder with more."
    return _BROKEN_OFF
