const HUES = [262, 12, 160, 215, 330, 40, 190, 95, 290, 350]
const STATE_COLOURS = {
  draft: "#8a8f98", in_review: "#b7791f", approved: "#2b8a8a", scheduled: "#3b6fe0", publishing: "#8b5cf6",
  published: "#2f9e5b", failed: "#d64545", missed: "#c2541b", unknown: "#c026a3", on_hold: "#6b7280",
}
const PLATFORM_WORDS = { instagram: "IG", tiktok: "TT", youtube: "YT", sandbox: "SB" }

const colour_of = (data, spot) => {
  if (data.colourBy === "state") return STATE_COLOURS[spot.state]
  const at = data.influencers.findIndex(([id]) => id === spot.influencerId)
  return `hsl(${HUES[Math.max(0, at) % HUES.length]} 62% 52%)`
}

const name_of = (data, spot) => data.influencers.find(([id]) => id === spot.influencerId)?.[1] ?? ""

const picture = (data, spot) => {
  if (!spot.assetId) return el("span", "no-thumb")
  const img = el("img", "thumb")
  img.loading = "lazy"; img.decoding = "async"; img.alt = ""; img.draggable = false
  img.onerror = () => img.replaceWith(el("span", "no-thumb"))
  img.src = `/api/media/${encodeURIComponent(data.workspace)}/${encodeURIComponent(spot.assetId)}?w=160`
  return img
}

/** What a spot says, for the eye and for screen readers. */
const spoken = (data, spot) => [
  spot.wall ? spot.wall.slice(11, 16) : "no date", spot.title, name_of(data, spot), data.states[spot.state],
  spot.platforms.map(one => PLATFORM_WORDS[one]).join(", "), spot.clash,
].filter(Boolean).join(" · ")

const spot_content = (ui, spot) => {
  const box = el("div", "spot"), text = el("div", "text")
  const line = el("div", "row line")
  if (spot.wall) line.append(el("span", "time", spot.wall.slice(11, 16)))
  if (spot.clash) { const mark = el("span", "clash", "!"); mark.title = spot.clash; line.append(mark) }
  line.append(el("span", `state ${spot.state}`, ui.data.states[spot.state]))
  text.append(line, el("div", "cut title", spot.title))
  box.append(picture(ui.data, spot), text)
  if (ui.data.canEdit && spot.movable) {
    const more = button("⋯", event => { event.stopPropagation(); ui.menu(spot, more) }, "more")
    more.setAttribute("aria-label", `Move ${spot.title}`); more.title = "Move"; more.tabIndex = -1
    more.onpointerdown = more.onmousedown = more.ontouchstart = event => event.stopPropagation()
    box.append(more)
  }
  return box
}

/** What the colours of the plans shown mean. */
const draw_legend = ui => {
  const by_state = ui.data.colourBy === "state", seen = new Map()
  for (const spot of ui.spots.values()) seen.set(by_state ? spot.state : spot.influencerId, spot)
  ui.legend.replaceChildren(...[...seen.values()].map(spot => {
    const one = el("span", "key", by_state ? ui.data.states[spot.state] : name_of(ui.data, spot))
    one.style.setProperty("--spot", colour_of(ui.data, spot))
    return one
  }))
}
