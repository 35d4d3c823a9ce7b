"""The command line: python -m sigviz explain | models | methods | evaluate | robustness | finetune.

Bad input ends with code 2, one line on stderr that says what is wrong and what to do, and nothing on stdout.
"""

import argparse
import io
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, get_args

import transformers

from sigviz import cli_finetune, cli_robustness, cli_studies
from sigviz.attribution import OUTPUTS, UNITS, WINDOWS, Attribution, Settings, Span, document, quoted
from sigviz.errors import Cancelled, InvalidSettings, InvalidText, SigvizError
from sigviz.explain import explain_with
from sigviz.looking import sentence
from sigviz.methods import METHODS, Method, Option, Promise, runs
from sigviz.methods.registry import SHARED, get
from sigviz.models import catalogue, zoo
from sigviz.terminal import bar, line, plain
from sigviz.views import files, wording
from sigviz.views.heatmap import Scale
from sigviz.views.palette import THEMES

BAD_INPUT = 2
STOPPED = 130  # as shells say it for Ctrl-C
_LOOKS = {"theme": ("svg", "html"), "scale": ("svg", "html", "latex"), "colours": ("latex",)}  # option -> formats that use it


class _Parser(argparse.ArgumentParser):
    """argparse, but an error is one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"{line(f'{self.prog}: {message}. See {self.prog} --help.')}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    given = _parser().parse_args(arguments)
    transformers.logging.set_verbosity_error()  # its advice is for those who call it: here it would hide the one line
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # arguments may hold bytes that are no characters
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")  # and so may what is piped in
    try:
        given.run(given)
        print(end="", flush=True)  # here, where a full disk or a reader that has left can still be met
    except Cancelled as error:
        print(line(f"sigviz: {error}"), file=sys.stderr)
        return STOPPED
    except SigvizError as error:
        return _failed(str(error))
    except KeyboardInterrupt:
        print("sigviz: stopped", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:  # the reader has left, as `head` does
        _drop_output()
    except OSError as error:
        _drop_output()
        what = f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error)
        return _failed(f"Reading or writing failed ({what}). Check the place, its permissions and the space left.")
    return 0


def _failed(message: str) -> int:
    print(line(f"sigviz: {message}"), file=sys.stderr)
    return BAD_INPUT


def _drop_output() -> None:
    """Where standard output takes nothing more, what is left is not tried again when Python ends."""
    try:
        print(end="", flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="sigviz", description="Which words made a text classifier decide as it did.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    _add_explain(commands.add_parser("explain", help="explain one text"))
    commands.add_parser("models", help="list the models that need no id or folder").set_defaults(run=_models)
    commands.add_parser("methods", help="list the methods and their settings").set_defaults(run=_methods)
    cli_studies.add_evaluate(commands.add_parser("evaluate", help="measure how faithful methods are on a corpus"))
    robustness = commands.add_parser("robustness", help="compare a model's explanations with other models' on a corpus")
    cli_robustness.add_robustness(robustness)
    cli_finetune.add_finetune(commands.add_parser("finetune", help="train an adapter for the bundled base model"))
    return parser


def _add_explain(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_explain)
    parser.add_argument("text", metavar="TEXT", help="the text; - reads it from standard input")
    parser.add_argument("--model", default=catalogue.DEFAULT, help="a bundled name, Hub id or folder (default: %(default)s)")
    parser.add_argument("--revision", help="branch, tag or commit of a model of the Hub (default: the newest)")
    parser.add_argument(
        "--method",
        action="append",
        metavar="RUN",
        help="one or more: a method, or one with settings of its own, such as 'sig(steps=20,baseline=pad)'; of "
        f"{', '.join(METHODS)} (default: sig)",
    )
    parser.add_argument("--baseline", default="mask", help="mask, pad, unk, zero, mean, or any token (default: %(default)s)")
    parser.add_argument("--unit", default="token", choices=UNITS)
    parser.add_argument(
        "--window",
        default="cut",
        choices=WINDOWS,
        help="a text longer than the model reads is cut, or read in windows that slide over it (default: %(default)s)",
    )
    part = parser.add_mutually_exclusive_group()
    part.add_argument(
        "--within", metavar="START:END", type=_span, help="characters, from 0: only words inside move and get a score"
    )
    part.add_argument("--sentence", metavar="N", type=int, help="the same for the text's sentence N, counted from 1")
    parser.add_argument("--target", help="class number or name (default: the predicted class)")
    parser.add_argument("--output", default="logit", choices=OUTPUTS, help="what F is (default: %(default)s)")
    parser.add_argument("--contrast", help="the class that --output margin subtracts (default: the best other)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.add_argument("--dtype", default="float32", help="float32, bfloat16 or float64")
    printed = parser.add_mutually_exclusive_group()
    printed.add_argument("--json", action="store_true", help="print one JSON object")
    printed.add_argument("--format", choices=files.FORMATS, help="print this, or with --out write it")
    suffixes = ", ".join(files.SUFFIXES)
    parser.add_argument("--out", type=Path, metavar="FILE", help=f"also write a file; its name says what: {suffixes}")
    parser.add_argument("--theme", choices=THEMES, help="of SVG and HTML (default: light; HTML: its reader's)")
    parser.add_argument(
        "--scale", choices=get_args(Scale), help="what counts as full colour, of SVG, HTML and --colours (default: row)"
    )
    parser.add_argument(
        "--colours", action="store_true", default=None, help="put the words of the LaTeX table on their colours"
    )
    for name, option in _own_options().items():
        takers = ", ".join(method.id for method in METHODS.values() if any(own.name == name for own in method.options))
        parser.add_argument(f"--{name}", choices=option.choices or None, type=_kind(option), help=f"for {takers}")


def _span(given: str) -> Span:
    start, colon, end = given.partition(":")
    if not (colon and start.isdecimal() and end.isdecimal() and len(given) < 40):
        raise argparse.ArgumentTypeError(f"{quoted(given)} is not START:END, such as 0:80")
    return int(start), int(end)


def _own_options() -> dict[str, Option]:
    return {option.name: option for method in METHODS.values() for option in method.options}


def _kind(option: Option) -> type:
    return str if option.choices else int if option.whole else float


def _explain(given: argparse.Namespace) -> None:
    settings = _settings(given)  # checked before the model loads, and so is where a file goes
    format = _format(given)
    text = _piped() if given.text == "-" else given.text
    with bar("loading") as progress:
        classifier = zoo.load(given.model, device=given.device, dtype=given.dtype, revision=given.revision, progress=progress)
    if given.sentence is not None:
        part = sentence(classifier, text, given.sentence, given.window)
        settings = [replace(wanted, within=part) for wanted in settings]
    found = []
    for wanted in settings:
        with bar(wanted.method) as progress:
            found.append(explain_with(classifier, text, wanted, progress=progress))
    made = "" if format is None else _made(found, format, given, classifier.revision)
    try:  # printed first: where the file cannot be written, what took long to find is not lost
        if given.format is not None and given.out is None:
            print(made, end="")
        else:
            print(json.dumps(document(found), ensure_ascii=False, indent=1) if given.json else _table(found))
    finally:  # and written, too, where a reader of what is printed has left
        if given.out is not None:
            files.write(given.out, made)


def _settings(given: argparse.Namespace) -> list[Settings]:
    """What every run is asked, once each: a flag is for all runs that take it and do not name that setting themselves."""
    lines = given.method or ["sig"]
    chosen = [(run, "baseline=" in word) for line in lines for word, run in zip(line.split(), runs.parse(line), strict=True)]
    methods = [get(run.method) for run, _ in chosen]
    own = {name: getattr(given, name) for name in _own_options() if getattr(given, name) is not None}
    for name in own:
        if not any(option.name == name for method in methods for option in method.options):
            ids = ", ".join(dict.fromkeys(method.id for method in methods))
            raise InvalidSettings(f"--{name} is no setting of {ids}. Leave it out.")
    shared = {name: getattr(given, name) for name in SHARED if name != "baseline"}
    found = []
    for method, (run, own_baseline) in zip(methods, chosen, strict=True):
        baseline = run.baseline if own_baseline else given.baseline
        found.append(method.settings(baseline=baseline, **shared, **{**_taken_by(method, own), **run.options}))
    return list(dict.fromkeys(found))


def _format(given: argparse.Namespace) -> str | None:
    """What to write; None for nothing.

    Raises InvalidSettings where no file can be made of the name, and for what the format has no use for.
    """
    format = str(given.format) if given.format else None
    if given.out is not None:
        if given.out.is_dir():
            raise InvalidSettings(f"{given.out} is a folder. Give --out the name of a file, such as rows.svg.")
        format = format or files.of_suffix(given.out)
        folder = given.out.absolute().parent
        if not folder.is_dir():
            raise InvalidSettings(f"There is no folder {folder}. Make it, or give --out another place.")
    for name, users in _LOOKS.items():
        if getattr(given, name) is not None and format not in users:
            asked = "Nothing with colours is asked for" if format is None else f"The format {format} has no use for it"
            raise InvalidSettings(f"--{name} is for {', '.join(users)}. {asked}: leave it out, or give --format or --out.")
    if given.scale is not None and format == "latex" and not given.colours:
        raise InvalidSettings("--scale is for colours, and the LaTeX table has none. Give --colours too, or leave it out.")
    return format


def _made(found: list[Attribution], format: str, given: argparse.Namespace, revision: str) -> str:
    return files.render(
        found, format, theme=given.theme, scale=given.scale or "row", colours=bool(given.colours), revision=revision
    )


def _piped() -> str:
    if sys.stdin is None:
        raise InvalidText("Standard input is closed. Pipe a text into it, or give the text itself in place of -.")
    return sys.stdin.read().strip("\n")


def _taken_by(method: Method, own: dict[str, Any]) -> dict[str, Any]:
    return {option.name: own[option.name] for option in method.options if option.name in own}


def _table(found: list[Attribution]) -> str:
    """The text's units down, the methods across, raw scores; then what each method cost and kept."""
    first = found[0]
    probability = first.probabilities[first.target]
    lines = [f"{first.model}: {first.label} ({probability:.3f}); scores are raw, in {OUTPUTS[first.settings.output]}", ""]
    wide = max(len(unit.text) for unit in first.units)
    ids = [one.settings.method for one in found]
    heads = ids if len(set(ids)) == len(ids) else wording.names(found)  # where one comes twice, with what differs
    widths = [max(15, len(head) + 2) for head in heads]
    lines.append("".ljust(wide) + "".join(f"{head:>{width}}" for head, width in zip(heads, widths, strict=True)))
    for i, unit in enumerate(first.units):
        numbers = (f"{one.raw[i]:{width}.4f}" for one, width in zip(found, widths, strict=True))
        lines.append(unit.text.ljust(wide) + "".join(numbers))
    lines.append("")
    for one, head in zip(found, heads, strict=True):
        worst = "" if one.delta is None else f", largest |delta| of a unit {abs(one.delta).max():.2g}"
        cost = f"{one.cost.forward} forward, {one.cost.backward} backward, {one.cost.seconds:.2f} s on {one.cost.device}"
        lines.append(f"{head}: sum {one.raw.sum():.4f}, total delta {one.total_delta:.4f}{worst}; {cost}")
        lines += [f"  note: {note}" for note in one.notes]
    if first.truncated:
        limit = "the last window" if first.windows > 1 else "the model's limit"
        slide = "" if first.settings.window == "slide" else " To read it all, in windows: --window slide."
        lines.append(f"The text was cut: {first.truncated} tokens past {limit} were left out.{slide}")
    if first.settings.within is not None:
        start, end = first.settings.within
        lines.append(f"Only characters {start} to {end} were explained; the rest of the text stayed as it is.")
    return "\n".join(map(plain, lines))  # names of models and classes are as foreign as the text


def _models(_: argparse.Namespace) -> None:
    for entry in catalogue.models():
        print(f"{entry.name:60} {entry.title}")


def _methods(_: argparse.Namespace) -> None:
    for method in METHODS.values():
        print(f"{method.id:14} {method.label}: promises {Promise(method.promises).value} [{method.source}]")
        for option in method.options:
            values = "|".join(option.choices) or f"{option.minimum:g} to {option.maximum:g}"
            print(f"{'':14}   --{option.name} {values} (default: {option.default})")
