// What is painted outlives the element: it hangs on the window by its picture, so a rerun of the page never loses it.
const paintings = (window.__studioMasks ??= new Map())
const STEPS = 30
const COLOUR = "#ff2d6f"

/** `loaded` is told when the mask that was saved before has been painted in, or why it was not. */
const painting_of = (data, loaded) => {
  const id = `${data.workspace}/${data.asset}`
  if (!paintings.has(id)) {
    const canvas = Object.assign(document.createElement("canvas"), { width: data.width, height: data.height })
    const paint = { canvas, pen: canvas.getContext("2d", { willReadFrequently: true }), past: [], tool: "paint", brush: Math.round(Math.max(data.width, data.height) / 12) }
    paintings.set(id, paint)
    if (data.mask) {
      const saved = new Image()
      saved.onload = () => { try { paint_in(paint, saved); loaded() } catch { saved.onerror() } }
      saved.onerror = () => { paintings.delete(id); loaded(new Error("The saved mask could not be shown here. Draw it anew, or reload the page.")) }
      saved.src = data.mask
    }
  }
  return paintings.get(id)
}

/** What is white in the saved mask, in our colour. */
const paint_in = (paint, saved) => {
  const { canvas, pen } = paint, flat = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height })
  const under = flat.getContext("2d")
  under.drawImage(saved, 0, 0, canvas.width, canvas.height)
  const levels = under.getImageData(0, 0, canvas.width, canvas.height), [r, g, b] = [1, 3, 5].map(at => parseInt(COLOUR.slice(at, at + 2), 16))
  for (let at = 0; at < levels.data.length; at += 4) {
    const on = levels.data[at] > 127
    levels.data[at] = r; levels.data[at + 1] = g; levels.data[at + 2] = b; levels.data[at + 3] = on ? 255 : 0
  }
  pen.putImageData(levels, 0, 0)
}

const invert = paint => {
  const { canvas, pen } = paint
  pen.globalCompositeOperation = "source-out"
  pen.fillStyle = COLOUR
  pen.fillRect(0, 0, canvas.width, canvas.height)
  pen.globalCompositeOperation = "source-over"
}

const remember = paint => {
  paint.past.push(paint.pen.getImageData(0, 0, paint.canvas.width, paint.canvas.height))
  if (paint.past.length > STEPS) paint.past.shift()
}

const is_empty = paint => {
  const pixels = paint.pen.getImageData(0, 0, paint.canvas.width, paint.canvas.height).data
  for (let at = 3; at < pixels.length; at += 4) if (pixels[at]) return false
  return true
}

const stroke = (paint, from, to) => {
  const { pen } = paint
  pen.globalCompositeOperation = paint.tool === "erase" ? "destination-out" : "source-over"
  pen.strokeStyle = pen.fillStyle = COLOUR
  pen.lineWidth = paint.brush; pen.lineCap = pen.lineJoin = "round"
  pen.beginPath(); pen.moveTo(from.x, from.y); pen.lineTo(to.x + 0.01, to.y); pen.stroke()
  pen.globalCompositeOperation = "source-over"
}

const fill_box = (paint, a, b) => {
  paint.pen.globalCompositeOperation = paint.tool === "erase" ? "destination-out" : "source-over"
  paint.pen.fillStyle = COLOUR
  paint.pen.fillRect(Math.min(a.x, b.x), Math.min(a.y, b.y), Math.abs(a.x - b.x), Math.abs(a.y - b.y))
  paint.pen.globalCompositeOperation = "source-over"
}

/** White where it is painted, black elsewhere, no half tones. */
const as_mask = async paint => {
  const { width, height } = paint.canvas
  const flat = Object.assign(document.createElement("canvas"), { width, height }), pen = flat.getContext("2d")
  const seen = paint.pen.getImageData(0, 0, width, height), out = pen.createImageData(width, height)
  for (let at = 0; at < out.data.length; at += 4) {
    const level = seen.data[at + 3] > 127 ? 255 : 0
    out.data[at] = out.data[at + 1] = out.data[at + 2] = level; out.data[at + 3] = 255
  }
  pen.putImageData(out, 0, 0)
  return new Promise(done => flat.toBlob(done, "image/png"))
}

const put_mask = async (data, blob) => {
  const base = `/api/uploads/${encodeURIComponent(data.workspace)}`
  const row = await send(base, { noun: data.noun, nounId: data.nounId, filename: "mask.png", size: blob.size, clientKey: `mask|${data.asset}|${crypto.randomUUID?.() ?? Date.now() + "-" + Math.random()}` }, data.workspace)
  const answer = await fetch(row.putUrl ?? `${base}/${row.id}`, { method: "PUT", body: blob, credentials: "same-origin", headers: { "x-studio": "1", "content-type": "application/octet-stream" } })
  if (!answer.ok) throw new Error("The mask did not arrive. Try again.")
  return row.id
}

const number = (label, value, max) => {
  const box = el("label", "number"), input = Object.assign(el("input"), { type: "number", min: 0, max, value, step: 1 })
  box.append(el("span", "muted", label), input)
  return { box, input }
}

const build_canvas = root => {
  const ui = { bar: el("div", "row tools"), stage: el("div", "stage"), img: el("img"), error: el("div", "bad gone"), foot: el("div", "row foot"), last: null }
  ui.img.draggable = false
  ui.error.setAttribute("role", "alert")
  const tool = (name, words) => { const one = button(words, () => { ui.paint.tool = name; ui.draw() }); one.dataset.tool = name; return one }
  ui.tools = [tool("paint", "Paint"), tool("erase", "Erase"), tool("box", "Rectangle")]
  ui.size = Object.assign(el("input"), { type: "range", min: 4, title: "Brush size" })
  ui.size.setAttribute("aria-label", "Brush size")
  ui.size.oninput = () => { ui.paint.brush = Number(ui.size.value) }
  ui.undo = button("Undo", () => { const before = ui.paint.past.pop(); if (before) { ui.paint.pen.putImageData(before, 0, 0); ui.touched() } }, "quiet")
  ui.clear = button("Clear", () => { remember(ui.paint); ui.paint.pen.clearRect(0, 0, ui.paint.canvas.width, ui.paint.canvas.height); ui.touched() }, "quiet")
  ui.invert = button("Invert", () => { remember(ui.paint); invert(ui.paint); ui.touched() }, "quiet")
  ui.bar.append(...ui.tools, ui.size, ui.undo, ui.invert, ui.clear)
  const keys = el("details", "keys"), fields = [number("Left %", 25, 100), number("Top %", 25, 100), number("Width %", 50, 100), number("Height %", 50, 100)]
  const add = button("Add this rectangle", () => {
    const [left, top, width, height] = fields.map(one => Math.max(0, Math.min(100, Number(one.input.value) || 0)) / 100)
    const { canvas } = ui.paint
    remember(ui.paint)
    fill_box(ui.paint, { x: left * canvas.width, y: top * canvas.height }, { x: (left + width) * canvas.width, y: (top + height) * canvas.height })
    ui.touched()
  })
  const row = el("div", "row fields"); row.append(...fields.map(one => one.box), add)
  ui.keys = keys
  keys.append(el("summary", "muted", "With the keyboard: a rectangle by numbers"), row)
  ui.use = button("", () => ui.send(), "main")
  ui.told = el("span", "muted grow"); ui.told.setAttribute("role", "status")
  ui.foot.append(ui.use, ui.told)
  root.replaceChildren(ui.bar, ui.stage, keys, ui.foot, ui.error)
  ui.fail = error => { put(ui.error, "textContent", error?.message ?? ""); ui.error.classList.toggle("gone", !error) }
  ui.touched = () => { ui.blank = is_empty(ui.paint); if (!ui.paint.dirty) { ui.paint.dirty = true; ui.dirty(true) } ui.draw() }
  ui.send = async () => {
    ui.use.disabled = true; ui.fail(null); put(ui.told, "textContent", "Sending the mask …")
    try { const id = await put_mask(ui.data, await as_mask(ui.paint)); ui.paint.dirty = false; ui.dirty(false); ui.done({ id, at: Date.now() }) }
    catch (error) { ui.fail(error); ui.draw() }
  }
  ui.draw = () => {
    ui.tools.forEach(one => { one.classList.toggle("on", one.dataset.tool === ui.paint.tool); one.setAttribute("aria-pressed", String(one.dataset.tool === ui.paint.tool)) })
    ui.undo.disabled = !ui.paint.past.length; ui.clear.disabled = ui.blank
    ui.use.disabled = ui.blank || (ui.data.inUse && !ui.paint.dirty)
    put(ui.use, "textContent", ui.data.words.use)
    put(ui.told, "textContent", ui.blank ? ui.data.words.blank : ui.data.inUse && !ui.paint.dirty ? ui.data.words.used : ui.data.words.unused)
    for (const part of [ui.bar, ui.keys, ui.foot]) part.classList.toggle("gone", ui.data.disabled)
  }
  const at = event => {
    const box = ui.paint.canvas.getBoundingClientRect()
    return { x: (event.clientX - box.left) * ui.paint.canvas.width / box.width, y: (event.clientY - box.top) * ui.paint.canvas.height / box.height }
  }
  ui.wire = canvas => {
    canvas.onpointerdown = event => {
      if (event.button || ui.data.disabled) return
      event.preventDefault(); canvas.setPointerCapture(event.pointerId)
      remember(ui.paint); ui.last = ui.first = at(event)
      ui.under = ui.paint.past.at(-1)
      if (ui.paint.tool !== "box") stroke(ui.paint, ui.last, ui.last)
    }
    canvas.onpointermove = event => {
      if (!ui.last) return
      for (const one of event.getCoalescedEvents?.().length ? event.getCoalescedEvents() : [event]) {
        const to = at(one)
        if (ui.paint.tool === "box") { ui.paint.pen.putImageData(ui.under, 0, 0); fill_box(ui.paint, ui.first, to) }
        else stroke(ui.paint, ui.last, to)
        ui.last = to
      }
    }
    canvas.onpointerup = canvas.onpointercancel = () => { if (ui.last) { ui.last = null; ui.touched() } }
  }
  return ui
}

const mounted = new WeakMap()

export default function ({ data, parentElement, setTriggerValue, setStateValue }) {
  const ui = mounted.get(parentElement) ?? build_canvas(parentElement.querySelector(".root"))
  mounted.set(parentElement, ui)
  ui.data = data
  ui.dirty = value => setStateValue("dirty", value)
  ui.done = value => setTriggerValue("done", value)
  const paint = painting_of(data, error => { if (ui.paint === paint) { ui.blank = is_empty(paint); ui.draw(); if (error) ui.fail(error) } })
  if (ui.paint !== paint) {
    ui.paint = paint
    ui.stage.replaceChildren(ui.img, paint.canvas)
    ui.stage.style.aspectRatio = `${data.width}/${data.height}`
    ui.stage.style.maxWidth = `min(100%, ${Math.round(34 * data.width / data.height * 16)}px, calc(60vh * ${data.width / data.height}))`
    paint.canvas.setAttribute("aria-label", `Mask. ${data.words.blank}`)
    ui.wire(paint.canvas)
    ui.size.max = Math.round(Math.max(data.width, data.height) / 3); ui.size.value = paint.brush
    ui.blank = is_empty(paint)
  }
  if (ui.img.getAttribute("src") !== data.src) ui.img.src = data.src
  ui.img.alt = data.words.picture
  ui.draw()
  return () => { mounted.delete(parentElement) }
}
