// The token strip: rows of words on colours.  Whatever it shows is set by textContent, so no text can become code or markup.
//
// Pointing at a word, or moving to it by keyboard, lights it in every strip of the page that shows the same text ("group"):
// strips tell each other by an event on the window.  A click, Enter or Space selects the word: Python gets its number.
// One tab stop a row; arrow keys, Home and End move between its words.

const LIGHT = "sigviz-light"
const GONE = 1000 // ms without another run
let held = null // where the keyboard is: a page that is drawn anew may take the word away from under it for a moment
const strips = new WeakMap() // by parentElement: what must outlive one run of the function below

export default function (component) {
  const { data, parentElement } = component
  let strip = strips.get(parentElement)
  if (!strip) {
    strip = { root: document.createElement("div"), component }
    strips.set(parentElement, strip)
    parentElement.appendChild(strip.root)
    listen(strip)
  }
  strip.component = component
  draw(strip, data)
  const turn = (strip.turn = (strip.turn ?? 0) + 1)
  // Streamlit cleans up after every run, also where the next one follows at once: only what stays away has gone
  return () =>
    setTimeout(() => {
      if (strip.turn !== turn) return
      window.removeEventListener(LIGHT, strip.onLight)
      strips.delete(parentElement)
      strip.root.remove()
    }, GONE)
}

function draw(strip, data) {
  const { root } = strip
  const focused = root.getRootNode().activeElement
  let again = focused && root.contains(focused) ? [focused.dataset.row, focused.dataset.unit] : null
  root.className = data.selectable ? "sigviz-strip sigviz-selectable" : "sigviz-strip"
  root.replaceChildren()
  data.rows.forEach((row, number) => {
    for (const [name, colour] of Object.entries(row.inks)) root.style.setProperty(`--ink-${name}`, colour)
    if (row.title) root.appendChild(made("div", "sigviz-title", row.title))
    root.appendChild(drawnRow(row, number, data))
  })
  const lost = held && document.activeElement === document.body && data.rows[held.row]
  if (!again && lost && lost.label === held.label && lost.group === held.group) again = [held.row, held.unit]
  if (again) root.querySelector(`[data-row="${again[0]}"][data-unit="${again[1]}"]`)?.focus()
}

function drawnRow(row, number, data) {
  const line = made("div", "sigviz-row")
  line.dir = "auto"
  line.setAttribute("role", data.selectable ? "toolbar" : "group")
  line.setAttribute("aria-label", row.label)
  if (row.read_out) line.setAttribute("aria-description", row.read_out) // one sentence, for who does not see the colours
  line.dataset.group = row.group
  let stop = data.selected !== null ? data.selected : row.pieces.find(piece => piece.unit !== undefined)?.unit
  for (const piece of row.pieces) {
    if (piece.unit === undefined) {
      if (piece.kind === "text") line.append(piece.parts[0][0])
      else line.appendChild(piece.kind === "cut" ? struck(piece) : marked(piece.parts[0][0], piece.title))
      continue
    }
    const unit = made("span", "sigviz-unit")
    unit.dataset.row = number
    unit.dataset.unit = piece.unit
    unit.dataset.tip = piece.tip
    unit.style.backgroundColor = piece.background
    unit.tabIndex = piece.unit === stop ? 0 : -1
    unit.setAttribute("role", data.selectable ? "button" : "img")
    unit.setAttribute("aria-label", piece.said)
    unit.classList.toggle("sigviz-top", piece.top)
    unit.classList.toggle("sigviz-first", piece.first)
    if (data.selectable) {
      unit.setAttribute("aria-pressed", piece.unit === data.selected)
      unit.classList.toggle("sigviz-chosen", piece.unit === data.selected)
    }
    for (const [text, mark] of piece.parts) unit.append(mark ? marked(text, "") : text)
    line.appendChild(unit)
  }
  return line
}

function listen(strip) {
  const { root } = strip
  const tell = event => {
    const unit = unitOf(event)
    const group = unit?.closest(".sigviz-row").dataset.group
    window.dispatchEvent(new CustomEvent(LIGHT, { detail: { group, unit: unit?.dataset.unit } }))
  }
  root.addEventListener("pointerover", tell)
  root.addEventListener("pointerleave", tell)
  root.addEventListener("focusin", ({ target }) => {
    const { group } = target.closest(".sigviz-row").dataset
    const label = target.closest(".sigviz-row").getAttribute("aria-label")
    held = { row: target.dataset.row, unit: target.dataset.unit, group, label }
  })
  root.addEventListener("focusout", () => setTimeout(() => root.isConnected && !focusIn(root) && (held = null)))
  root.addEventListener("focusin", event => event.target.matches(":focus-visible") && tell(event))
  root.addEventListener("focusout", tell)
  root.addEventListener("click", event => choose(strip, unitOf(event)))
  root.addEventListener("keydown", event => onKey(strip, event))
  strip.onLight = event => {
    const { group, unit } = event.detail
    for (const other of root.querySelectorAll(".sigviz-unit")) {
      const same = unit !== undefined && other.dataset.unit === unit
      other.classList.toggle("sigviz-lit", same && other.closest(".sigviz-row").dataset.group === group)
    }
  }
  window.addEventListener(LIGHT, strip.onLight)
}

function focusIn(root) {
  return root.contains(root.getRootNode().activeElement)
}

function onKey(strip, event) {
  const unit = unitOf(event)
  if (!unit || event.ctrlKey || event.metaKey || event.altKey) return
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault()
    choose(strip, unit)
    return
  }
  const units = [...unit.closest(".sigviz-row").querySelectorAll(".sigviz-unit")]
  const here = units.indexOf(unit)
  const forwards = getComputedStyle(unit.closest(".sigviz-row")).direction === "rtl" ? -1 : 1
  const to = { ArrowRight: here + forwards, ArrowLeft: here - forwards, Home: 0, End: units.length - 1 }[event.key]
  if (to === undefined) return
  event.preventDefault()
  const next = units[Math.max(0, Math.min(units.length - 1, to))]
  unit.tabIndex = -1
  next.tabIndex = 0
  next.focus()
}

function choose(strip, unit) {
  if (unit && strip.component.data.selectable) strip.component.setTriggerValue("selected", Number(unit.dataset.unit))
}

function unitOf(event) {
  return event.type === "pointerleave" || event.type === "focusout" ? null : event.target.closest?.(".sigviz-unit")
}

function struck(piece) {
  const line = made("s", "sigviz-cut", piece.parts[0][0])
  line.title = piece.title
  return line
}

function marked(text, title) {
  const box = made("span", "sigviz-mark", text)
  box.dir = "auto"
  if (title) box.title = title
  return box
}

function made(tag, className, text = "") {
  const element = document.createElement(tag)
  element.className = className
  element.textContent = text
  return element
}
