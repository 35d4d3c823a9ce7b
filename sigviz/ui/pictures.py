"""Buttons that save a picture which only the browser can make: PNG of an SVG, and charts as the reader sees them.

Everything happens in the browser: the picture is drawn on a canvas and handed to the reader, and no other host is asked.
"""

import re
from typing import Any

import streamlit as st

_buttons = st.components.v2.component(
    "sigviz.pictures",
    html="""
<div class="row"></div>
<span class="said" role="status"></span>
""",
    css="""
.row { display: flex; flex-wrap: wrap; gap: .5rem; }
button { display: inline-flex; align-items: center; gap: .5rem; min-height: 2.5rem; padding: .25rem .75rem; cursor: pointer;
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius); color: var(--st-text-color);
  background: var(--st-background-color); font: 400 .875rem/1.6 var(--st-font, system-ui, sans-serif); }
button:hover { border-color: var(--st-primary-color); color: var(--st-link-color); }
button:focus-visible { outline: 2px solid var(--st-link-color); outline-offset: 2px; }
.icon { font-family: "Material Symbols Rounded"; font-size: 1.25rem; line-height: 1; width: 1em; overflow: hidden; }
.said { color: var(--st-text-color); font: .875rem var(--st-font, system-ui, sans-serif); }
""",
    js="""
const MOST = 16000, AREA = 1.6e8  // pixels: of a side, and of the whole, that browsers draw
const NS = "http://www.w3.org/2000/svg"

export default function ({ data, parentElement }) {
  const row = parentElement.querySelector(".row"), said = parentElement.querySelector(".said")
  row.replaceChildren(...data.kinds.map((kind) => {
    const button = document.createElement("button"), icon = document.createElement("span")
    button.type = "button"
    icon.className = "icon"
    icon.ariaHidden = "true"
    icon.textContent = "download"
    button.append(icon, kind)
    button.onclick = async () => {
      said.textContent = ""
      try {
        const svg = data.svg ?? chart(data)
        const blob = kind === "PNG" ? await png(svg) : new Blob([svg], { type: "image/svg+xml" })
        save(blob, `${data.name}.${kind.toLowerCase()}`)
      } catch (error) {
        said.textContent = `The browser could not make the picture (${error.message}).`
      }
    }
    return button
  }))
}

// The chart on the page as one SVG: Plotly draws it in several, one above the other.
function chart(data) {
  const host = document.querySelector(`.st-key-${CSS.escape(data.chart)} .js-plotly-plot`)
  const layers = host ? [...host.querySelectorAll("svg.main-svg")] : []
  if (!layers.length) throw new Error("the chart is not on the page")
  const width = layers[0].getAttribute("width"), height = layers[0].getAttribute("height")
  const svg = document.createElementNS(NS, "svg"), title = document.createElementNS(NS, "title")
  const page = document.createElementNS(NS, "rect")
  const set = (element, values) => Object.entries(values).forEach(([name, value]) => element.setAttribute(name, value))
  set(svg, { width, height, viewBox: `0 0 ${width} ${height}` })
  set(page, { width, height, fill: data.background })
  title.textContent = data.title
  svg.append(title, page, ...layers.flatMap((layer) => [...layer.children].map((child) => child.cloneNode(true))))
  svg.querySelectorAll(".draglayer, .hoverlayer, .zoomlayer, .menulayer").forEach((layer) => layer.remove())
  return new XMLSerializer().serializeToString(svg)
}

async function png(svg) {
  const image = new Image()
  image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(svg)
  await image.decode()
  const { width, height } = image
  const times = Math.min(2, MOST / Math.max(width, height), Math.sqrt(AREA / (width * height)))
  const canvas = document.createElement("canvas")
  canvas.width = Math.floor(width * times)
  canvas.height = Math.floor(height * times)
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height)
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"))
  if (!blob) throw new Error("it is too large")
  return blob
}

function save(blob, name) {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10000)
}
""",
)


def png(svg: str, name: str, *, key: str) -> None:
    """A button that saves the SVG as PNG, twice as large as it is.  name: of the file, without its ending."""
    _show({"svg": svg, "name": name, "kinds": ["PNG"]}, key)


def of_chart(chart: str, title: str, name: str, *, background: str, key: str) -> None:
    """Buttons that save the `st.plotly_chart` with the key `chart` as PNG and SVG, as it is on the page at that moment.

    background: "#rrggbb", under the chart, which has none of its own.
    """
    place = re.sub(r"[^a-zA-Z0-9_-]", "-", chart.strip())  # what Streamlit makes of a key for the class of its element
    _show({"chart": place, "title": title, "name": name, "background": background, "kinds": ["PNG", "SVG"]}, key)


def _show(data: dict[str, Any], key: str) -> None:
    _buttons(key=key, data=data, width="content")
