// The path theatre: a slider and a Play button move alpha, and every row shows its sentence and its two curves there.
//
// All alphas come at once, so moving needs no server; Python hears of alpha only when it comes to rest.  Whatever is shown is
// set by textContent, so no text can become code or markup.

const WHOLE_WAY = 8000 // ms that Play takes from 0 to 1
const [WIDTH, HEIGHT] = [230, 122] // of a curve, in its own units
const PLOT = { left: 42, right: 221, top: 8, bottom: 98 }
const GONE = 1000 // ms without another run
const theatres = new WeakMap() // by parentElement: what must outlive one run of the function below

export default function (component) {
  const { data, parentElement } = component
  let theatre = theatres.get(parentElement)
  if (!theatre) {
    theatre = { root: document.createElement("div"), place: null, frame: 0 }
    theatres.set(parentElement, theatre)
    parentElement.appendChild(theatre.root)
  }
  theatre.component = component
  if (theatre.id !== data.id) {
    const alpha = theatre.place === null ? data.alpha : theatre.data.alphas[theatre.place]
    pause(theatre)
    theatre.id = data.id
    theatre.data = data
    draw(theatre)
    move(theatre, nearest(data.alphas, alpha))
    theatre.told = theatre.place
  }
  const turn = (theatre.turn = (theatre.turn ?? 0) + 1)
  // Streamlit cleans up after every run, also where the next one follows at once: only what stays away has gone
  return () =>
    setTimeout(() => {
      if (theatre.turn !== turn) return
      cancelAnimationFrame(theatre.frame)
      theatres.delete(parentElement)
      theatre.root.remove()
    }, GONE)
}

function draw(theatre) {
  const { root, data } = theatre
  root.className = "theatre"
  root.replaceChildren()
  for (const [name, colour] of Object.entries(data.inks)) root.style.setProperty(`--ink-${name}`, colour)
  root.appendChild(controls(theatre))
  child(root, "p", "legend", data.legend)
  theatre.live = child(root, "div", "unseen")
  theatre.live.setAttribute("aria-live", "polite")
  theatre.rows = data.rows.map(row => drawnRow(root, data, row))
}

function controls(theatre) {
  const bar = made("div", "bar")
  const button = child(bar, "button", "play", "Play")
  button.type = "button"
  button.onclick = () => (theatre.playing ? rest(theatre) : play(theatre))
  const slide = child(bar, "div", "slide")
  const range = child(slide, "input", "alpha")
  Object.assign(range, { type: "range", min: 0, max: theatre.data.alphas.length - 1, step: 1 })
  range.setAttribute("aria-label", "alpha, the position on the way from the baseline to the text")
  range.oninput = () => {
    pause(theatre)
    move(theatre, Number(range.value))
  }
  range.onchange = () => rest(theatre)
  const ends = child(slide, "div", "ends")
  for (const words of theatre.data.ends) child(ends, "span", "", words)
  const output = child(bar, "output", "where")
  Object.assign(theatre, { button, range, output })
  if (still()) button.textContent = "Next stop"
  return bar
}

function drawnRow(root, data, row) {
  const section = child(root, "section", "row")
  section.setAttribute("aria-label", row.name)
  const head = child(section, "div", "head")
  child(head, "strong", "", row.name)
  child(head, "span", "rule", row.rule)
  const sentence = child(section, "div", "sentence")
  sentence.setAttribute("role", "img")
  if (data.before) child(sentence, "span", "more", data.before)
  const cells = data.tokens.map((token, number) => {
    const at = row.moving.indexOf(number)
    const cell = child(sentence, "span", at < 0 ? "cell" : "cell moves")
    if (data.own.includes(number)) cell.classList.add("own")
    if (at < 0) {
      child(cell, "bdi", "word", data.words[token])
      child(cell, "span", "away", "stays")
      return null
    }
    const word = held(cell, "word", row.nearest.map(words => data.words[words[at]]))
    const bar = child(child(cell, "span", "track"), "span", "far")
    const away = child(cell, "span", "away")
    const anchor = row.anchors.length ? held(cell, "anchor", row.anchors.map(words => `via ${data.words[words[at]]}`)) : null
    return { at, word, bar, away, anchor }
  })
  if (data.behind) child(sentence, "span", "more", data.behind)
  const curves = child(section, "div", "curves")
  const stops = row.anchors.length ? data.stops : []
  return {
    row, sentence, cells: cells.filter(Boolean),
    f: curve(curves, data, data.titles.f, data.axes.f, row.f, stops),
    p: curve(curves, data, data.titles.p, data.axes.p, row.p, stops),
  }
}

// A text that will change, on a place that is wide enough for all that it will be: nothing around it moves.
function held(cell, className, texts) {
  const box = child(cell, "span", `held ${className}`)
  for (const text of new Set(texts)) child(box, "bdi", "room", text).setAttribute("aria-hidden", "true")
  return child(box, "bdi", "shown")
}

function curve(parent, data, title, axis, values, stops) {
  const figure = child(parent, "figure", "curve")
  const caption = child(figure, "figcaption", "", `${title}: `)
  const value = child(caption, "b", "value")
  const svg = drawn(figure, "svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" })
  const x = alpha => PLOT.left + alpha * (PLOT.right - PLOT.left)
  const y = number => PLOT.bottom - ((number - axis.low) / (axis.high - axis.low)) * (PLOT.bottom - PLOT.top)
  for (const [tick, words] of axis.ticks) {
    drawn(svg, "line", { class: "grid", x1: PLOT.left, x2: PLOT.right, y1: y(tick), y2: y(tick) })
    drawn(svg, "text", { class: "tick", x: PLOT.left - 5, y: y(tick) + 4, "text-anchor": "end" }).textContent = words
  }
  for (const tick of [0, 0.5, 1]) {
    drawn(svg, "text", { class: "tick", x: x(tick), y: PLOT.bottom + 15, "text-anchor": "middle" }).textContent = tick
  }
  drawn(svg, "text", { class: "tick", x: x(0.75), y: PLOT.bottom + 15, "text-anchor": "middle" }).textContent = "alpha"
  const points = values.map((number, k) => [x(data.alphas[k]), y(number)])
  drawn(svg, "polyline", { class: "way", points: points.map(point => point.join(",")).join(" ") })
  for (const stop of stops) drawn(svg, "circle", { class: "stop", cx: points[stop][0], cy: points[stop][1], r: 2.5 })
  const line = drawn(svg, "line", { class: "here", y1: PLOT.top, y2: PLOT.bottom })
  const mark = drawn(svg, "circle", { class: "mark", r: 5.5 })
  return { points, value, line, mark }
}

function move(theatre, place) {
  const { data } = theatre
  theatre.place = place
  const alpha = data.alphas[place].toFixed(2)
  theatre.range.value = place
  theatre.range.setAttribute("aria-valuetext", alpha)
  theatre.output.textContent = `α = ${alpha}`
  for (const { row, cells, f, p } of theatre.rows) {
    for (const { at, word, bar, away, anchor } of cells) {
      word.textContent = data.words[row.nearest[place][at]]
      away.textContent = row.away[place][at]
      bar.style.width = `${100 * row.share[place][at]}%`
      if (anchor) anchor.textContent = `via ${data.words[row.anchors[place][at]]}`
    }
    for (const [chart, words] of [[f, row.said_f[place]], [p, row.said_p[place]]]) {
      const [x, y] = chart.points[place]
      chart.value.textContent = words
      chart.mark.setAttribute("cx", x)
      chart.mark.setAttribute("cy", y)
      chart.line.setAttribute("x1", x)
      chart.line.setAttribute("x2", x)
    }
  }
  if (!theatre.playing) label(theatre)
}

function label(theatre) {
  for (const { row, sentence } of theatre.rows) sentence.setAttribute("aria-label", row.said[theatre.place])
}

function play(theatre) {
  const last = theatre.data.alphas.length - 1
  const from = theatre.place === last ? 0 : theatre.place
  if (still()) {
    move(theatre, theatre.data.stops.find(stop => stop > from) ?? last)
    rest(theatre)
    return
  }
  theatre.playing = true
  theatre.button.textContent = "Pause"
  const began = performance.now()
  const step = now => {
    const place = Math.min(last, from + Math.floor((Math.max(0, now - began) / WHOLE_WAY) * last))
    if (place !== theatre.place) move(theatre, place)
    if (place === last) rest(theatre)
    else theatre.frame = requestAnimationFrame(step)
  }
  theatre.frame = requestAnimationFrame(step)
}

function pause(theatre) {
  cancelAnimationFrame(theatre.frame)
  theatre.playing = false
  if (theatre.button) theatre.button.textContent = still() ? "Next stop" : "Play"
}

// Alpha stays where it is for now: said aloud, and told to Python.
function rest(theatre) {
  pause(theatre)
  label(theatre)
  if (theatre.told === theatre.place) return
  theatre.told = theatre.place
  theatre.live.replaceChildren(...theatre.rows.map(({ row }) => made("p", "", row.said[theatre.place])))
  theatre.component.setStateValue("alpha", theatre.data.alphas[theatre.place])
}

function still() {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches
}

function nearest(alphas, alpha) {
  const away = alphas.map(other => Math.abs(other - alpha))
  return away.indexOf(Math.min(...away))
}

function made(tag, className, text = "") {
  const element = document.createElement(tag)
  if (className) element.className = className
  element.textContent = text
  return element
}

function child(parent, tag, className, text = "") {
  return parent.appendChild(made(tag, className, text))
}

function drawn(parent, tag, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  return parent.appendChild(element)
}
