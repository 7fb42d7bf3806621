// Pictures large: moved and enlarged together, under a slider or side by side.

/** Wheel or pinch enlarges at the pointer, dragging moves; all `targets` follow. `reset()` and `toggle()` for keys. */
const zoomer = (area, targets, on_wheel = () => true) => {
  const at = { scale: 1, x: 0, y: 0 }
  const draw = () => targets().forEach(img => { img.style.transform = `translate(${at.x}px,${at.y}px) scale(${at.scale})` })
  const hold = () => { if (at.scale <= 1) { at.scale = 1; at.x = at.y = 0 } area.classList.toggle("zoomed", at.scale > 1); draw() }
  const to = (scale, cx, cy) => {
    const next = Math.min(12, Math.max(1, scale)), ratio = next / at.scale
    at.x = cx - (cx - at.x) * ratio; at.y = cy - (cy - at.y) * ratio; at.scale = next
    hold()
  }
  const middle = event => { const box = (event.target.closest?.(".pane") ?? area).getBoundingClientRect(); return [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2] }
  area.addEventListener("wheel", event => { if (!on_wheel(event) && at.scale === 1) return; event.preventDefault(); to(at.scale * Math.exp(-event.deltaY / 400), ...middle(event)) }, { passive: false })
  let from = null
  area.addEventListener("pointerdown", event => { if (at.scale > 1 && !event.target.closest("input,button")) { from = { x: event.clientX - at.x, y: event.clientY - at.y }; area.setPointerCapture(event.pointerId) } })
  area.addEventListener("pointermove", event => { if (from) { at.x = event.clientX - from.x; at.y = event.clientY - from.y; draw() } })
  area.addEventListener("pointerup", () => { from = null })
  return {
    draw, reset: () => { at.scale = 1; hold() }, toggle: () => { at.scale > 1 ? at.scale = 1 : (at.scale = 2.5, at.x = at.y = 0); hold() },
    push: (dx, dy) => { if (at.scale > 1) { at.x += dx; at.y += dy; draw() } }, zoomed: () => at.scale > 1,
  }
}

const large = (workspace, item) => `/api/media/${encodeURIComponent(workspace)}/${encodeURIComponent(item.assetId)}`

/** Two to four pictures over the whole page. Keys: arrows move the divider (or the enlarged picture), S slider or side by side, Z zoom. */
const compare = (root, workspace, items) => {
  const box = el("dialog", "compare"), area = el("div", "area"), bar = el("div", "row"), hint = el("span", "muted")
  box.setAttribute("aria-label", "Compare pictures")
  let mode = items.length === 2 ? "slider" : "side", split = 50
  const images = () => [...area.querySelectorAll("img")]
  const zoom = zoomer(area, images)
  const slide = button("Slider", () => draw("slider")), side = button("Side by side", () => draw("side"))
  const cut = () => { const top = area.querySelector(".over"); if (top) { top.style.clipPath = `inset(0 0 0 ${split}%)`; area.querySelector(".line").style.left = `${split}%`; area.querySelector("input").value = split } }
  const draw = next => {
    mode = next
    slide.classList.toggle("gone", items.length !== 2); slide.classList.toggle("main", mode === "slider"); side.classList.toggle("main", mode === "side")
    hint.textContent = mode === "slider" ? "←  → move the divider · Z zoom · S side by side · Esc close" : "Wheel or Z zooms all together · drag moves" + (items.length === 2 ? " · S slider" : "") + " · Esc close"
    area.className = `area ${mode}`
    const panes = items.map(item => {
      const pane = el("div", "pane"), img = el("img"), name = el("span", "badge", [item.rating ? "★".repeat(item.rating) : "", item.seed >= 0 ? `seed ${item.seed}` : ""].filter(Boolean).join(" · "))
      img.src = large(workspace, item); img.alt = item.prompt; img.draggable = false
      pane.append(img, name); name.classList.toggle("gone", !name.textContent)
      return pane
    })
    if (mode === "slider") {
      panes[1].classList.add("over")
      const line = el("div", "line"), range = el("input")
      range.type = "range"; range.setAttribute("aria-label", "Divider"); range.oninput = () => { split = Number(range.value); cut() }
      area.replaceChildren(...panes, line, range); cut()
    } else { area.replaceChildren(...panes); area.style.setProperty("--n", items.length) }
    zoom.draw()
  }
  area.addEventListener("pointermove", event => {
    if (mode !== "slider" || !event.buttons || zoom.zoomed() || event.target.closest("input")) return
    const inside = area.getBoundingClientRect()
    split = Math.min(100, Math.max(0, (event.clientX - inside.left) / inside.width * 100)); cut()
  })
  const shut = button("Close", () => box.close(), "quiet")
  bar.append(slide, side, button("Zoom", () => zoom.toggle()), el("span", "grow"), hint, shut)
  box.append(bar, area)
  box.onkeydown = event => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key], key = event.key.toLowerCase()
    if (step && zoom.zoomed()) zoom.push(-60 * step[0], -60 * step[1])
    else if (step && mode === "slider" && step[0]) { split = Math.min(100, Math.max(0, split + step[0] * (event.shiftKey ? 10 : 2))); cut() }
    else if (key === "s" && items.length === 2) draw(mode === "slider" ? "side" : "slider")
    else if (key === "z") zoom.toggle()
    else return
    event.preventDefault(); event.stopPropagation()
  }
  box.onclose = () => box.remove()
  root.append(box); draw(mode); box.showModal(); shut.focus()
}
