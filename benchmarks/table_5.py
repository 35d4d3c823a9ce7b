"""The sentences of the paper's Table 5:  python benchmarks/table_5.py [MODEL]

For each: the words that IG, exact SIG and DIG make bold (top 20 %, the first underlined in the paper), next to the paper's own
for IG and SIG; how far 50-step SIG is from exact SIG, relative to its largest word; and seconds.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
from sigviz import explain, load
from sigviz.ui.examples import EXAMPLES, TABLE_5
from sigviz.views.wording import emphasised

PAPER = {  # first words of the sentence -> the paper's bold words, in the order of the text (its models are other ones)
    "a well-made": {"ig": "lovely, mysteries", "sig": "well-made, lovely"},
    "a hideous": {"ig": "confusing, one, the", "sig": "hideous, confusing, one, rice"},
    "this is junk": {"ig": "junk, greasiest", "sig": "junk, greasiest"},
    "a remarkable": {"ig": "remarkable, meditation", "sig": "remarkable, meditation"},
}


def main(model: str) -> None:
    classifier = load(model)
    explain(classifier, "warm up", "ig")
    for text in (text for text, source in EXAMPLES.items() if source == TABLE_5):
        published = next(words for start, words in PAPER.items() if text.startswith(start))
        found = {id: explain(classifier, text, id, unit="word") for id in ("ig", "sig-exact", "sig", "dig")}
        tokens = {id: explain(classifier, text, id) for id in ("sig-exact", "sig")}
        print(f"\n{text}\n  {found['ig'].label} {found['ig'].probabilities.max():.4f}")
        for id, one in found.items():
            bold = ", ".join(one.units[place].text for place in emphasised(one.raw))
            paper = published.get(id.removesuffix("-exact"))
            print(f"  {id:10} {one.cost.seconds:6.2f} s  {bold}{f'   (paper: {paper})' if paper else ''}")
        for unit, (exact, sig) in {"tokens": tuple(tokens.values()), "words": (found["sig-exact"], found["sig"])}.items():
            apart = np.abs(sig.raw - exact.raw).max() / np.abs(exact.raw).max()
            print(f"  50-step SIG against exact SIG, {unit}: {100 * apart:.4f} % of the largest")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "bundled/minilm-movie")
