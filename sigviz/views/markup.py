"""What every piece of sigviz's HTML is made with: the style sheet, and the only ways for foreign text to get in."""

import re
from dataclasses import asdict
from html import escape

from sigviz.views.palette import Theme, inks
from sigviz.views.wording import visible

# The sanitiser behind st.html drops a whole attribute that could end a comment or an element ("-->", "]>", "</style").
# A word joiner (zero wide) between the two characters keeps the attribute, and says the same aloud.
_LOOKS_LIKE_AN_END = re.compile(r"(?<=<)(?=/)|(?<=[-!\]])(?=>)")
_STYLE = """<style>
.sigviz-row, .sigviz-legend, .sigviz-grid {{ color: {text}; }}
.sigviz-row {{ position: relative; padding-bottom: 1.9rem; margin-bottom: -1.1rem; line-height: 1.9; unicode-bidi: plaintext;
  white-space: pre-wrap; overflow-wrap: anywhere; forced-color-adjust: none; print-color-adjust: exact; }}
.sigviz-unit {{ padding: .2em 0; border-radius: .2em; cursor: help;
  box-decoration-break: clone; -webkit-box-decoration-break: clone; anchor-name: --sigviz-unit; anchor-scope: --sigviz-unit; }}
.sigviz-top {{ font-weight: 700; }}
.sigviz-first {{ text-decoration: underline; text-decoration-thickness: 2px; text-underline-offset: .2em; }}
.sigviz-unit:hover, .sigviz-unit:focus-visible {{ outline: 2px solid {text}; outline-offset: 1px; }}
.sigviz-unit:hover::after, .sigviz-unit:focus-visible::after {{ content: attr(data-tip); position: absolute; z-index: 10;
  left: 0; margin-top: 2em; max-width: 100%; box-sizing: border-box; padding: .1rem .5rem; border-radius: .3rem;
  background: {text}; color: {page}; font: 400 .8rem/1.4 system-ui, sans-serif; white-space: normal; direction: ltr;
  text-align: left; pointer-events: none; }}
@supports (anchor-scope: --sigviz-unit) {{
  .sigviz-unit:hover::after, .sigviz-unit:focus-visible::after {{ position-anchor: --sigviz-unit; top: anchor(bottom);
    left: 0; right: 0; width: fit-content; justify-self: anchor-center; margin-top: 3px; }}
}}
.sigviz-mark {{ display: inline-block; margin: 0 .1em; padding: 0 .3em; border: 1px dashed {neutral}; border-radius: .2em;
  font-size: .75em; line-height: 1.4; unicode-bidi: isolate; user-select: none; -webkit-user-select: none; }}
.sigviz-cut {{ color: {muted}; }}
.sigviz-legend {{ display: flex; flex-wrap: wrap; gap: .25rem .6rem; align-items: center; font-size: .875rem; }}
.sigviz-ramp {{ flex: 1 1 6rem; max-width: 14rem; height: .9rem; border-radius: .2rem; border: 1px solid {line};
  forced-color-adjust: none; print-color-adjust: exact; }}
.sigviz-grid {{ position: relative; overflow-x: auto; container-type: inline-size; font-size: .875rem; }}
.sigviz-grid:focus-visible {{ outline: 2px solid {text}; }}
.sigviz-grid table {{ border-collapse: separate; border-spacing: 2px; margin: 0; }}
.sigviz-grid caption {{ text-align: left; color: {muted}; padding: .25rem 0; }}
.sigviz-grid caption span {{ display: inline-block; position: sticky; left: 0; max-width: 100cqw; }}
.sigviz-grid th, .sigviz-grid td {{ padding: .3rem .5rem; border: 0; text-align: center; white-space: nowrap; }}
.sigviz-grid thead th {{ font-weight: 400; max-width: 12rem; overflow: hidden; text-overflow: ellipsis; }}
.sigviz-grid tbody th, .sigviz-grid thead th:first-child {{ position: sticky; left: 0; z-index: 1; background: {chip};
  border-radius: .2em; text-align: left; font-weight: 600; min-width: 6.5rem; max-width: 9rem; white-space: normal;
  overflow-wrap: break-word; }}
.sigviz-grid td {{ font-variant-numeric: tabular-nums; border-radius: .2em; forced-color-adjust: none; }}
</style>"""


def style(theme: Theme) -> str:
    """The <style> block for everything this module makes; once a page.

    The tooltip belongs to the row, not to the word, so it cannot leave the row to the left or right, and the row keeps a
    line free for it below, so nothing moves when it appears.  Where the browser can, it stands under its word (CSS anchors).
    """
    ink = inks(theme)
    return _STYLE.format(**asdict(ink))


def escaped(text: str) -> str:
    """Foreign text as it may stand between tags."""
    return escape(visible(text))


def attribute(text: str) -> str:
    """Foreign text as it may stand between the quotes of an attribute."""
    return escape(_LOOKS_LIKE_AN_END.sub("\u2060", visible(text)))


def mark(shown: str, title: str = "") -> str:
    """A small box for what is not a character of the text (it is not copied with it): a special token, a line break."""
    hint = f' title="{attribute(title)}"' if title else ""
    return f'<span class="sigviz-mark" dir="auto"{hint}>{escaped(shown)}</span>'
