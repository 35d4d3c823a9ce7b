// Guess first: a plain sentence whose words are buttons to mark.  All text is set by textContent, so none can become markup.
//
// What is marked is kept here while one question stands on the page: an answer of the server to an earlier click must not undo
// a later one.  Python gets the whole list each time, with the question that it belongs to.

const games = new WeakMap() // by parentElement: what must outlive one run of the function below

export default function (component) {
  const { data, parentElement } = component
  let game = games.get(parentElement)
  if (!game) {
    game = { root: made("div", "guess"), question: null, marked: new Set(), full: false }
    games.set(parentElement, game)
    parentElement.appendChild(game.root)
    game.root.addEventListener("keydown", onKey)
  }
  game.component = component
  if (game.question !== data.question || data.locked) {
    game.question = data.question
    game.marked = new Set(data.marked)
    game.full = false
  }
  const { marked, ...drawn } = data
  const now = JSON.stringify(drawn)
  if (game.drawn === now) show(game, data) // what has the focus must not be replaced under the reader's hands
  else draw(game, data)
  game.drawn = now
  // No clean-up: Streamlit also calls that of a run which a newer one has overtaken, in the middle of the newer one's life
}

function draw(game, data) {
  const { root } = game
  for (const [name, colour] of Object.entries(data.inks)) root.style.setProperty(`--ink-${name}`, colour)
  const line = made("div", "guess-line")
  line.dir = "auto"
  line.setAttribute("role", "group")
  line.setAttribute("aria-label", data.locked ? "Your marks" : `Mark ${data.wanted} of these ${data.kind}s`)
  for (const piece of data.pieces) line.appendChild(piece.unit === null ? between(piece) : button(game, data, piece))
  const status = made("div", "guess-status")
  status.setAttribute("role", "status")
  root.replaceChildren(line, status)
  show(game, data)
}

function between(piece) {
  const whole = made(piece.kind === "cut" ? "s" : "span", `guess-${piece.kind}`)
  if (piece.title) whole.title = piece.title
  for (const part of piece.parts) whole.append(drawn(part))
  return whole
}

function button(game, data, piece) {
  const word = made("button", "guess-word")
  word.type = "button"
  word.dataset.unit = piece.unit
  word.setAttribute("aria-label", piece.said)
  word.disabled = data.locked
  for (const part of piece.parts) word.append(drawn(part))
  word.addEventListener("click", () => choose(game, piece.unit))
  return word
}

function choose(game, unit) {
  const { data, setStateValue } = game.component
  const { marked } = game
  game.full = !marked.has(unit) && marked.size >= data.wanted
  if (!game.full && !marked.delete(unit)) marked.add(unit)
  show(game, data)
  if (game.full) return
  setStateValue("marked", { question: game.question, places: [...marked].sort((one, other) => one - other) })
}

function show(game, data) {
  for (const word of game.root.querySelectorAll(".guess-word")) {
    word.setAttribute("aria-pressed", game.marked.has(Number(word.dataset.unit)))
  }
  const more = game.full ? ` Take ${data.wanted === 1 ? "it" : "one"} away first.` : ""
  game.root.querySelector(".guess-status").textContent = data.locked
    ? "Your marks stay as they were when you revealed."
    : `${game.marked.size} of ${data.wanted} marked.${more}`
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !event.target.matches(".guess-word")) return
  const words = [...event.currentTarget.querySelectorAll(".guess-word")]
  const here = words.indexOf(event.target)
  const forwards = getComputedStyle(event.target.parentElement).direction === "rtl" ? -1 : 1
  const to = { ArrowRight: here + forwards, ArrowLeft: here - forwards, Home: 0, End: words.length - 1 }[event.key]
  if (to === undefined) return
  event.preventDefault()
  words[Math.max(0, Math.min(words.length - 1, to))].focus()
}

function drawn([text, mark]) {
  return mark ? made("span", "guess-mark", text) : text
}

function made(tag, className, text = "") {
  const element = document.createElement(tag)
  element.className = className
  element.textContent = text
  return element
}
