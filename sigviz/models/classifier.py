"""A Hugging Face classifier seen from its word embeddings: embed, logits, F, target, baselines.

Perturbed are the WORD embeddings, what `get_input_embeddings()` returns, handed over as `inputs_embeds`; the model adds
positions and token types itself, once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from sigviz.attribution import quoted
from sigviz.errors import InvalidSettings, ModelUnsupported
from sigviz.models import quick
from sigviz.models import text as texts
from sigviz.models.windows import Windows, single, slid
from sigviz.paths.walked import Walked

Objective = Callable[[Tensor], Tensor]
_SPECIAL = ("pad", "unk")
_FALLBACKS = ("mask", "pad", "eos")  # the paper's footnote 2, then what GPT-2 itself uses for padding
_PROBE = "A plain sentence, read twice."


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """What stands in for a word.  vector: [D].  token: its id, None for `zero` and `mean`.  note: what a reader must know."""

    vector: Tensor
    name: str
    token: int | None
    note: str | None = None


class TextClassifier:
    """A sequence classifier, its tokenizer and its names; safe to share between threads, since what it answers never changes.

    walked: the walks over its vocabulary's words that were taken so far.  The model is put into evaluation mode and its
    parameters are frozen.  Raises ModelUnsupported, saying why, for what can't be explained from word embeddings.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        *,
        name: str,
        revision: str = "",
        labels: tuple[str, ...] | None = None,
        notes: tuple[str, ...] = (),
    ) -> None:
        self.model = model.eval().requires_grad_(False)
        # asked a dozen times an explanation, and the model itself looks through its modules each time
        self._number = next(parameter for parameter in model.parameters() if parameter.is_floating_point())
        self.tokenizer = tokenizer
        self.name = name
        self.revision = revision
        self.notes = notes
        self.walked = Walked()
        own = _labels(model)  # refuses a model without classes, whatever names are given
        self.labels = _distinct(labels or own)
        self.multi_label = model.config.problem_type == "multi_label_classification"
        self.limit = _limit(model, tokenizer)
        _fit_for_embeddings(model)
        self._quick: quick.Quick | None = None
        self._probe()

    @property
    def device(self) -> torch.device:
        return self._number.device

    @property
    def dtype(self) -> torch.dtype:
        """The precision of the model's own arithmetic."""
        return self._number.dtype

    @property
    def _words(self) -> int:
        """How many word embeddings there are; a tokenizer may know tokens beyond them."""
        return int(self.model.get_input_embeddings().weight.shape[0])  # not every class says num_embeddings

    @property
    def working_dtype(self) -> torch.dtype:
        """The precision of paths and sums: float32 also for half-precision models, float64 for float64 ones."""
        return torch.float64 if self.dtype == torch.float64 else torch.float32

    def encode(self, text: str) -> texts.Encoding:
        """The text as this model reads it, cut at its limit.

        Raises: InvalidText; ModelUnsupported where the tokenizer makes a token that the model has no embedding for.
        """
        return self.windows(text).whole

    def windows(self, text: str, how: str = "cut") -> Windows:
        """The text as this model reads it, by a key of WINDOWS: "cut" at its limit, one window; "slide": overlapping ones.

        Raises as `encode`.
        """
        if how == "slide":
            read = slid(texts.encode_whole(text, self.tokenizer), self.limit, self.tokenizer.truncation_side)
        else:
            read = single(texts.encode(text, self.tokenizer, self.limit))
        self._check_known(read.whole)
        return read

    def _check_known(self, encoding: texts.Encoding) -> None:
        if (largest := int(encoding.ids.max())) >= self._words:
            raise ModelUnsupported(
                f"{self.name[:100]} has {self._words} word embeddings, but its tokenizer made token {largest} of this text: "
                "the two do not belong together. Choose another model."
            )

    def around(self, text: str) -> tuple[str, str]:
        """The special tokens before and behind the text's own, as the vocabulary writes them.  Raises as `encode`."""
        encoding = self.encode(text)
        content = np.flatnonzero(encoding.content)
        return " ".join(encoding.names[: content[0]]), " ".join(encoding.names[content[-1] + 1 :])

    def embed(self, ids: np.ndarray | list[int]) -> Tensor:
        """Word embeddings of token ids, as the model's own input layer gives them.  [T, D]"""
        with torch.no_grad():
            embedded: Tensor = self.model.get_input_embeddings()(torch.as_tensor(ids, device=self.device))
        return embedded.to(self.working_dtype)

    def vocabulary(self) -> Tensor:
        """The word embeddings of the whole vocabulary.  [V, D]"""
        layer = self.model.get_input_embeddings()
        if type(layer) is torch.nn.Embedding and layer.weight.dtype == self.working_dtype:  # some kinds scale or project
            return layer.weight.detach()
        return self.embed(np.arange(self._words))

    def logits(self, embeddings: Tensor) -> Tensor:
        """The model's answer to word embeddings [B, T, D], all of one length: [B, classes].

        Called by the engine alone, but for one sentence when the model is loaded (`_probe`).
        """
        given = embeddings.to(self.dtype)
        if self._quick is not None:
            return self._quick(given)
        attended = torch.ones(embeddings.shape[:2], dtype=torch.long, device=embeddings.device)
        answer: Tensor = self.model(inputs_embeds=given, attention_mask=attended).logits
        return answer

    def class_index(self, given: int | str) -> int:
        """A class by number or name.  Raises InvalidSettings that lists the classes."""
        if isinstance(given, str) and given in self.labels:
            return self.labels.index(given)
        number: object = given
        if isinstance(given, str) and given.isdecimal() and len(given) < 20:  # Python refuses to read thousands of digits
            number = int(given)
        if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < len(self.labels):
            return number
        known = ", ".join(f"{i} ({label[:40]})" for i, label in enumerate(self.labels[:20]))
        written = quoted(given[:40] if isinstance(given, str) else given)
        raise InvalidSettings(f"There is no class {written}. This model's classes: {known}.")

    def baseline(self, name: str) -> Baseline:
        """The embedding that replaces words: mask, pad, unk, zero, mean, or any token of the vocabulary.

        `mask` falls back to pad, then eos, where the model has no such token, with a note (paper, footnote 2).
        Raises InvalidSettings for what is not in the vocabulary.
        """
        if name == "zero":
            return Baseline(torch.zeros_like(self.embed([0])[0]), name, None)
        if name == "mean":
            return Baseline(self.vocabulary().mean(0), name, None)
        if name == "mask":
            return self._mask()
        token = self._special(name) if name in _SPECIAL else self._token(name)
        if token is None:
            raise InvalidSettings(f"This model has no {name} token. Choose another baseline, such as mask or zero.")
        return Baseline(self.embed([token])[0], name, token)

    def _mask(self) -> Baseline:
        for kind in _FALLBACKS:
            token = self._special(kind)
            if token is not None:
                note = f"This model has no mask token: its {kind} token stands in for it." if kind != "mask" else None
                return Baseline(self.embed([token])[0], kind, token, note)
        raise InvalidSettings("This model has no mask, pad or eos token. Choose another baseline: zero, mean or a token.")

    def _special(self, kind: str) -> int | None:
        token = getattr(self.tokenizer, f"{kind}_token_id")
        return token if token is not None and token < self._words else None

    def _token(self, name: str) -> int:
        """The id of a token, given as the vocabulary writes it or as a word that is a single token."""
        readable = name.encode("utf-8", "backslashreplace").decode("utf-8")  # lone surrogates end a tokenizer
        found = [self.tokenizer.encode(form, add_special_tokens=False) for form in (readable, f" {readable}")]
        single = [pieces[0] for pieces in found if len(pieces) == 1 and pieces[0] != self.tokenizer.unk_token_id]
        token = self.tokenizer.get_vocab().get(name, single[0] if single else None)
        if token is not None and token < self._words:
            return int(token)
        raise InvalidSettings(f"{name[:40]!r} is not one token of this model. Give mask, pad, unk, zero, mean, or one token.")

    def probabilities(self, logits: Tensor) -> Tensor:
        """[B, classes] -> [B, classes], float64: they add up to 1, but for multi-label models, whose classes stand alone."""
        z = _double(logits)
        return z.sigmoid() if self.multi_label else z.softmax(-1)

    def objective(self, output: str, target: int, contrast: int | None = None) -> Objective:
        """F: logits [B, classes] -> [B], float64, the target fixed (except for max-logit, which has none)."""
        others = [i for i in range(len(self.labels)) if i != target]

        def f(logits: Tensor) -> Tensor:
            z = _double(logits)
            if output == "probability":
                return self.probabilities(z)[:, target]
            if output == "log-odds":  # log p/(1-p), without the rounding of 1-p
                return z[:, target] - (0 if self.multi_label else z[:, others].logsumexp(-1))
            if output == "margin":
                return z[:, target] - (z[:, others].amax(-1) if contrast is None else z[:, contrast])
            return z.amax(-1) if output == "max-logit" else z[:, target]

        return f

    def _probe(self) -> None:
        """See that word embeddings really are all this model reads: the same logits must come from ids and from embeddings."""
        encoding = self.encode(_PROBE)
        try:
            with torch.no_grad():
                given_ids = self.model(input_ids=torch.as_tensor(encoding.ids[None], device=self.device)).logits
                given_words = self.logits(self.embed(encoding.ids)[None])
        except (NotImplementedError, ValueError, TypeError, AttributeError, IndexError) as error:
            raise ModelUnsupported(
                f"{self.name[:100]} cannot be explained: its {type(self.model).__name__} does not take word embeddings in "
                "place of token ids, and these methods have to change the embeddings. Choose another model."
            ) from error
        expected = (1, len(self.labels))
        if given_words.shape != expected or given_ids.shape != expected:
            raise ModelUnsupported(
                f"{self.name[:100]} cannot be explained: it answers a sentence with numbers of the shape "
                f"{tuple(given_ids.shape)}, where one for each of its {len(self.labels)} classes was expected."
            )
        apart = float((given_ids - given_words).abs().max())
        size = max(1.0, float(given_ids.abs().max()))
        if apart > size * (0.1 if self.dtype in (torch.bfloat16, torch.float16) else 1e-3):
            raise ModelUnsupported(
                f"{self.name[:100]} cannot be explained: its answer to word embeddings differs from its answer to the same "
                f"tokens by {apart:.2g}, so it reads something besides the embeddings. Choose another model."
            )
        self._quick = self._verified(quick.of(self.model), self.embed(encoding.ids)[None], given_words)

    def _verified(self, way: quick.Quick | None, embeddings: Tensor, expected: Tensor) -> quick.Quick | None:
        """The quick way, if it comes to the model's own answer; else None, and the model is asked as it stands."""
        if way is None:
            return None
        with torch.no_grad():
            apart = float((way(embeddings.to(self.dtype)) - expected).abs().max())
        allowed = {torch.float64: 1e-10, torch.float32: 1e-4}.get(self.dtype, 0.05)
        return way if apart <= allowed * max(1.0, float(expected.abs().max())) else None


def _double(numbers: Tensor) -> Tensor:
    """In float64, where the device has it: Apple's MPS has not, and its few logits go on on the CPU.  Gradients flow back."""
    return numbers.cpu().double() if numbers.device.type == "mps" else numbers.double()


def _labels(model: PreTrainedModel) -> tuple[str, ...]:
    config = model.config
    classes = config.num_labels or 0
    names: Any = config.id2label or {}
    if getattr(config, "problem_type", None) == "regression" or classes == 1:
        raise ModelUnsupported("This model predicts a number (regression), not a class. Choose one with two or more classes.")
    if classes < 1:
        raise ModelUnsupported("This model has no classes. Choose one with two or more classes.")
    return tuple(str(names.get(i, f"LABEL_{i}")) for i in range(classes))


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names that each mean one class: one that has been used before gets its class's number behind it."""
    found: list[str] = []
    for i, name in enumerate(names):
        while name in found:
            name = f"{name} ({i})"
        found.append(name)
    return tuple(found)


def _limit(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> int:
    """How many tokens the model reads: the tokenizer's word for it, and never more than there are positions."""
    if not tokenizer.is_fast:
        raise ModelUnsupported("This model's tokenizer cannot say where its tokens stand in the text (no tokenizer.json).")
    limits = [tokenizer.model_max_length]
    positions = getattr(model.config, "max_position_embeddings", None)
    if positions is not None and positions > 0:  # XLNet says -1: it has no end
        # RoBERTa and its kin number positions from padding_idx + 1
        table = next((m for name, m in model.named_modules() if name.endswith("position_embeddings")), None)
        padding = getattr(table, "padding_idx", None)
        limits.append(positions - (padding + 1 if padding is not None else 0))
    return int(min(limits))


def _fit_for_embeddings(model: PreTrainedModel) -> None:
    """Settings that let a decoder read a batch of embeddings: no cache, and a pad id, which it asks for but never meets.

    Set once, before the first look (`_probe`, at loading) and for all later ones, which are the engine's.
    """
    config = model.config
    if getattr(config, "use_cache", False):
        config.use_cache = False
    if getattr(config, "pad_token_id", None) is None:
        config.pad_token_id = -1  # all texts of a batch have one length: nothing is padded, and no token has this id
