/** What has no date yet: dragged onto a day, or given one by its menu. */
const draw_undated = ui => {
  const found = ui.undated, text = JSON.stringify([found, ui.data.colourBy, ui.data.influencers])
  if (text === ui.drawn) return
  ui.drawn = text
  put(ui.count, "textContent", found.length ? `Not scheduled (${found.length}${found.length >= 100 ? "+" : ""})` : "Not scheduled")
  ui.list.replaceChildren(...found.map(spot => {
    const box = el("div", "idea")
    box.dataset.spot = spot.id; box.tabIndex = 0
    box.setAttribute("role", "button"); box.setAttribute("aria-label", spoken(ui.data, spot))
    box.style.setProperty("--spot", colour_of(ui.data, spot))
    box.append(spot_content(ui, spot))
    box.onclick = () => ui.open(spot.id)
    return box
  }))
  if (!found.length) ui.list.append(el("div", "muted none", "Everything has a date."))
}

const draggable = ui => new window.FullCalendar.Draggable(ui.list, {
  itemSelector: ".idea", appendTo: ui.root,
  eventData: box => {
    const spot = ui.spots.get(box.dataset.spot)
    return { id: spot.id, title: spot.title, duration: "00:30", extendedProps: { spot } }
  },
})
