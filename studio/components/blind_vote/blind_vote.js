const KEYS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "tie", ArrowDown: "skip" }

const source = (ui, asset) => `/api/media/${encodeURIComponent(ui.workspace)}/${encodeURIComponent(asset)}`

const side_of = (ui, choice, label) => {
  const node = button("", () => cast(ui, choice), "side")
  const img = el("img"); img.alt = label
  node.setAttribute("aria-label", `${label} is better`)
  node.append(img, el("span", "choose", label))
  return { node, img }
}

const count_words = ui => {
  const { votes, mine, left, pair } = ui.ballot
  const done = `${votes} ${votes === 1 ? "vote" : "votes"}${mine === votes ? "" : `, ${mine} of them yours`}`
  return !pair ? `${done}. You have seen every pair.` : left ? `${done}. About ${left} more until the order is likely settled.`
    : `${done}. The order is likely settled; more votes make it surer.`
}

/** Together with the pictures: who sees the new count can vote. */
const show_count = ui => {
  const { votes, left, undoable } = ui.ballot, whole = votes + left
  put(ui.words, "textContent", count_words(ui))
  ui.fill.style.width = `${whole ? Math.round(votes / whole * 100) : 0}%`
  ui.undo.disabled = !undoable
  ui.busy = false
}

/** The next pair appears when both pictures are loaded: nobody votes on half of it. */
const show_ballot = async (ui, ballot) => {
  ui.ballot = ballot
  const pair = ballot.pair, mark = ui.mark = {}
  ui.stage.classList.toggle("gone", !pair); ui.ended.classList.toggle("gone", !!pair); ui.acts.classList.toggle("gone", !pair)
  if (!pair) { show_count(ui); return }
  ui.stage.classList.add("changing")
  const fresh = [pair.leftAssetId, pair.rightAssetId].map(asset => { const img = new Image(); img.src = source(ui, asset); return img })
  await Promise.all(fresh.map(img => img.decode().catch(() => {})))
  if (ui.mark !== mark) return
  ui.left.img.src = fresh[0].src; ui.right.img.src = fresh[1].src
  put(ui.prompt, "textContent", pair.prompt)
  ui.stage.classList.remove("changing")
  ui.left.node.classList.remove("chosen"); ui.right.node.classList.remove("chosen")
  show_count(ui)
}

const told = async (ui, request) => {
  ui.busy = true; put(ui.error, "textContent", "")
  try { await show_ballot(ui, await request()) }
  catch (error) {
    put(ui.error, "textContent", error.message)
    ui.left.node.classList.remove("chosen"); ui.right.node.classList.remove("chosen")
    ui.busy = false
  }
}

const cast = (ui, choice) => {
  const pair = ui.ballot.pair
  if (ui.busy || !pair) return
  if (choice === "left" || choice === "right") ui[choice].node.classList.add("chosen")
  told(ui, () => send(`/api/trials/${ui.trial}/votes`, { leftId: pair.leftId, rightId: pair.rightId, choice }, ui.workspace))
}

const take_back = ui => { if (!ui.busy && !ui.undo.disabled) told(ui, () => send(`/api/trials/${ui.trial}/votes/last`, {}, ui.workspace, "DELETE")) }

const typing = event => event.composedPath().some(node => node.matches?.("input, textarea, select, [contenteditable=true], [role=listbox], [role=radiogroup], dialog"))

const on_key = (ui, event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || typing(event) || !ui.ballot.pair) return
  if (event.key === "Backspace") take_back(ui)
  else if (KEYS[event.key]) cast(ui, KEYS[event.key])
  else return
  event.preventDefault()
}

const build_voting = (root, ui) => {
  ui.left = side_of(ui, "left", "Left"); ui.right = side_of(ui, "right", "Right")
  ui.prompt = el("div", "prompt muted"); ui.stage = el("div", "stage"); ui.stage.tabIndex = -1; ui.stage.append(ui.left.node, ui.right.node)
  ui.acts = el("div", "acts")
  const hinted = (text, key, act) => { const one = button(text, act); one.append(el("kbd", "", key)); return one }
  ui.undo = hinted("Undo last vote", "⌫", () => take_back(ui)); ui.undo.classList.add("quiet")
  ui.acts.append(hinted("Left", "←", () => cast(ui, "left")), hinted("Equal", "↑", () => cast(ui, "tie")), hinted("Right", "→", () => cast(ui, "right")),
    hinted("Skip", "↓", () => cast(ui, "skip")))
  ui.ended = el("div", "ended"); ui.ended.append(el("div", "", "You have seen every pair. Thank you."))
  ui.words = el("div", "muted told"); ui.bar = el("div", "bar"); ui.fill = el("i"); ui.bar.append(ui.fill)
  ui.error = el("div", "bad"); ui.error.setAttribute("role", "alert")
  const foot = el("div", "foot"), finish = button("See the result", () => ui.finished({ at: Date.now() }))
  foot.append(ui.undo, ui.words, finish)
  root.replaceChildren(ui.prompt, ui.stage, ui.acts, ui.ended, ui.error, ui.bar, foot)
}

const mounted = new WeakMap()

export default function ({ data, parentElement, setTriggerValue }) {
  let ui = mounted.get(parentElement)
  if (!ui || ui.trial !== data.trial) {
    if (ui) document.removeEventListener("keydown", ui.key)
    ui = { trial: data.trial, busy: false, ballot: data }
    build_voting(parentElement.querySelector(".root"), ui)
    ui.key = event => on_key(ui, event)
    document.addEventListener("keydown", ui.key)
    mounted.set(parentElement, ui)
    ui.workspace = data.workspace
    show_ballot(ui, data)
    ui.stage.focus({ preventScroll: true })  // away from the switch that was clicked: arrow keys belong to the pictures now
  }
  ui.stage.style.setProperty("--ratio", data.ratio)
  ui.finished = value => setTriggerValue("finished", value)
  return () => { document.removeEventListener("keydown", ui.key); mounted.delete(parentElement) }
}
