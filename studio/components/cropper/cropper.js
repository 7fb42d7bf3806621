const SHAPES = [["Free", 0], ["1:1", 1], ["2:3", 2 / 3], ["3:4", 3 / 4], ["3:2", 3 / 2], ["4:3", 4 / 3]]
const GRIPS = [["nw", 0, 0], ["ne", 1, 0], ["sw", 0, 1], ["se", 1, 1]]
const within = (value, low, high) => Math.min(Math.max(value, low), Math.max(low, high))

/** [x, y, w, h] inside the picture, sides at least `least`, in the chosen shape. */
const fitted = (ui, [x, y, w, h]) => {
  const { width, height, least } = ui.data
  w = within(w, Math.min(least, width), width); h = within(h, Math.min(least, height), height)
  if (ui.shape) {
    if (w / h > ui.shape) w = h * ui.shape; else h = w / ui.shape
    const grow = Math.max(1, Math.min(least, width) / w, Math.min(least, height) / h)
    const shrink = Math.min(1, width / (w * grow), height / (h * grow))
    w *= grow * shrink; h *= grow * shrink
  }
  return [within(x, 0, width - w), within(y, 0, height - h), w, h]
}

const rounded = (ui, [x, y, w, h]) => {
  const left = Math.round(x), top = Math.round(y)
  return [left, top, Math.min(Math.round(w), ui.data.width - left), Math.min(Math.round(h), ui.data.height - top)]
}

const whole = ui => { const [x, y, w, h] = rounded(ui, ui.box); return x === 0 && y === 0 && w === ui.data.width && h === ui.data.height }

const draw = ui => {
  const { width, height } = ui.data, [x, y, w, h] = ui.box
  Object.assign(ui.node.style, { left: `${100 * x / width}%`, top: `${100 * y / height}%`, width: `${100 * w / width}%`, height: `${100 * h / height}%` })
  const [, , rw, rh] = rounded(ui, ui.box)
  put(ui.say, "textContent", whole(ui) ? `The whole picture, ${width} × ${height} px` : `${rw} × ${rh} px of ${width} × ${height}`)
  ui.node.setAttribute("aria-label", `Crop ${rw} by ${rh} pixels. Arrows move it, Shift and arrows change its size.`)
  ui.shapes.forEach((node, n) => node.classList.toggle("on", SHAPES[n][1] === ui.shape))
}

const drag = (ui, event, change) => {
  if (ui.data.disabled) return
  event.preventDefault(); event.stopPropagation()
  const scale = ui.data.width / ui.stage.getBoundingClientRect().width, from = [...ui.box], at = [event.clientX, event.clientY]
  const move = next => { ui.box = fitted(ui, change(from, (next.clientX - at[0]) * scale, (next.clientY - at[1]) * scale)); draw(ui) }
  const done = () => { window.removeEventListener("pointermove", move); window.removeEventListener("pointerup", done); ui.node.focus() }
  window.addEventListener("pointermove", move); window.addEventListener("pointerup", done)
}

/** The corner opposite to the one that is pulled stays. */
const pulled = (ui, right, low) => ([x, y, w, h], dx, dy) => {
  let nw = right ? w + dx : w - dx, nh = low ? h + dy : h - dy
  nw = within(nw, ui.data.least, right ? ui.data.width - x : x + w); nh = within(nh, ui.data.least, low ? ui.data.height - y : y + h)
  if (ui.shape) { if (nw / nh > ui.shape) nw = nh * ui.shape; else nh = nw / ui.shape }
  return [right ? x : x + w - nw, low ? y : y + h - nh, nw, nh]
}

const keys = (ui, event) => {
  const step = Math.max(1, Math.round(ui.data.width / 100)) * (event.altKey ? 1 / Math.max(1, Math.round(ui.data.width / 100)) : 1)
  const way = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key]
  if (!way || ui.data.disabled) return
  const [x, y, w, h] = ui.box
  const next = event.shiftKey ? [x, y, w + (way[0] || (ui.shape ? way[1] * ui.shape : 0)), h + (way[1] || (ui.shape ? way[0] / ui.shape : 0))] : [x + way[0], y + way[1], w, h]
  ui.box = fitted(ui, next)
  draw(ui); event.preventDefault(); event.stopPropagation()
}

/** A square around the face with room for hair and shoulders. */
const around = (ui, [fx, fy, fw, fh]) => {
  const { width, height } = ui.data, side = Math.min(width, height, Math.max(2.4 * fh * height, 2.4 * fw * width, ui.data.least))
  ui.shape = 1
  ui.box = fitted(ui, [(fx + fw / 2) * width - side / 2, (fy + fh * 0.55) * height - side / 2, side, side])
}

const build = root => {
  const ui = { stage: el("div", "stage"), img: el("img"), node: el("div", "box"), bar: el("div", "bar2"), say: el("div", "say muted"), shape: 0, box: [0, 0, 1, 1], key: "" }
  ui.node.tabIndex = 0; ui.node.setAttribute("role", "group")
  ui.node.onpointerdown = event => drag(ui, event, ([x, y, w, h], dx, dy) => [x + dx, y + dy, w, h])
  ui.node.onkeydown = event => keys(ui, event)
  for (const [name, right, low] of GRIPS) {
    const grip = el("div", `grip ${name}`)
    Object.assign(grip.style, { left: `${right * 100}%`, top: `${low * 100}%`, cursor: right === low ? "nwse-resize" : "nesw-resize" })
    grip.onpointerdown = event => drag(ui, event, pulled(ui, right, low))
    ui.node.append(grip)
  }
  ui.shapes = SHAPES.map(([name, shape]) => button(name, () => {
    ui.shape = shape
    if (shape) { const { width, height } = ui.data, [x, y, w, h] = ui.box, side = Math.sqrt(w * h); ui.box = fitted(ui, [x + (w - side * Math.sqrt(shape)) / 2, y, Math.min(width, side * Math.sqrt(shape)), Math.min(height, side / Math.sqrt(shape))]) }
    draw(ui)
  }))
  ui.face = button("Around the face", () => { around(ui, ui.data.face); draw(ui) })
  ui.all = button("Whole picture", () => { ui.shape = 0; ui.box = [0, 0, ui.data.width, ui.data.height]; draw(ui) })
  ui.save = button("Save crop", () => ui.saved({ crop: whole(ui) ? null : rounded(ui, ui.box), at: Date.now() }), "main")
  ui.bar.append(...ui.shapes, ui.face, ui.all, ui.save)
  ui.stage.append(ui.img, ui.node)
  root.replaceChildren(ui.stage, ui.say, ui.bar)
  return ui
}

const mounted = new WeakMap()

export default function ({ data, parentElement, setTriggerValue }) {
  const ui = mounted.get(parentElement) ?? build(parentElement.querySelector(".root"))
  mounted.set(parentElement, ui)
  const key = JSON.stringify([data.src, data.crop])
  ui.data = data
  ui.saved = value => setTriggerValue("saved", value)
  if (ui.key !== key) { ui.key = key; ui.shape = 0; ui.box = data.crop ?? [0, 0, data.width, data.height] }
  put(ui.img, "src", new URL(data.src, location.href).href); ui.img.alt = ""
  ui.stage.style.aspectRatio = `${data.width} / ${data.height}`
  ui.stage.style.width = `min(100%, calc(60vh * ${data.width / data.height}))`
  ui.bar.classList.toggle("gone", data.disabled)
  ui.face.classList.toggle("gone", !data.face.length)
  ui.node.querySelectorAll(".grip").forEach(grip => grip.classList.toggle("gone", data.disabled))
  draw(ui)
  return () => mounted.delete(parentElement)
}
