import { button, el } from "../shared/dom.js"
import { tr, trLazy } from "../shared/words.js"

/**
 * What can be done with a picture at its tile. Python names those that are offered; `reuse` stands in the menu alone.
 *
 * @typedef {"favourite" | "post" | "edit" | "upscale" | "animate"} TileWork
 * @typedef {TileWork | "seed" | "reuse" | "download" | "delete"} TileAction
 */

/**
 * Label, key and icon (strokes in a square of 24) of each action, in the order of the bar.
 *
 * @type {Record<TileAction, { label: string, key: string, icon: string }>}
 */
export const TILE_ACTIONS = {
  favourite: {
    label: trLazy("Favourite"),
    key: "F",
    icon: "M12 20C5 15.5 3 12 3 9a4.5 4.5 0 0 1 9-1.5A4.5 4.5 0 0 1 21 9c0 3-2 6.5-9 11z",
  },
  post: { label: trLazy("Create post"), key: "P", icon: "M4 6h16v14H4zM4 10.5h16M8 3.5V6M16 3.5V6M12 12.5v5M9.5 15h5" },
  edit: {
    label: trLazy("Edit area"),
    key: "E",
    icon: "M4 20l1-4.5L16 4.5a2.2 2.2 0 0 1 3.3 3.2L8.5 19zM14 6.5l3.5 3.5",
  },
  upscale: { label: trLazy("Upscale"), key: "U", icon: "M14 4h6v6M20 4l-7 7M10 20H4v-6M4 20l7-7" },
  animate: { label: trLazy("Animate"), key: "V", icon: "M3.5 5.5h17v13h-17zM10 9v6l5-3z" },
  seed: { label: trLazy("Reuse seed"), key: "R", icon: "M5 5h14v14H5zM9 9h.01M15 9h.01M12 12h.01M9 15h.01M15 15h.01" },
  reuse: { label: trLazy("Reuse prompt and settings"), key: "", icon: "M5 12a7 7 0 1 1 2 5M5 18v-4.5h4.5" },
  download: { label: trLazy("Download"), key: "D", icon: "M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 20h14" },
  delete: { label: trLazy("Delete"), key: "Delete", icon: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5" },
}
/** How far a key moves in the menu. @type {Record<string, number>} */
const STEPS = { ArrowDown: 1, ArrowUp: -1 }
const MORE = "M6 12h.01M12 12h.01M18 12h.01"

/**
 * The action of a key; undefined: the key means none of these.
 *
 * @param {string} key
 * @param {TileAction[]} offered
 */
export const actionOfKey = (key, offered) =>
  offered.find(action => TILE_ACTIONS[action].key && TILE_ACTIONS[action].key.toLowerCase() === key.toLowerCase())

/** @param {string} path */
const iconOf = path => {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  svg.setAttribute("viewBox", "0 0 24 24")
  svg.setAttribute("aria-hidden", "true")
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path")
  line.setAttribute("d", path)
  svg.append(line)
  return svg
}

/**
 * The row of icons over a picture; what has no room in it stands in its menu.
 *
 * @param {TileAction[]} offered
 * @param {(action: TileAction) => void} onAct
 * @param {(anchor: HTMLElement) => void} onMore
 */
export const buildTileBar = (offered, onAct, onMore) => {
  const bar = el("div", "bar-of-tile")
  const add = (/** @type {string} */ name, /** @type {string} */ label, /** @type {string} */ icon) => {
    const node = button("", null, `act ${name}`)
    node.tabIndex = -1
    node.append(iconOf(icon))
    node.setAttribute("aria-label", label)
    bar.append(node)
    return node
  }
  for (const action of offered) {
    const { key, icon } = TILE_ACTIONS[action]
    if (action === "reuse") continue
    const label = tr(TILE_ACTIONS[action].label)
    const node = add(action, label, icon)
    node.title = key ? `${label} (${key})` : label
    node.onclick = event => {
      event.stopPropagation()
      onAct(action)
    }
  }
  const more = add("more", tr("More"), MORE)
  more.title = tr("More")
  more.onclick = event => {
    event.stopPropagation()
    onMore(more)
  }
  return bar
}

/**
 * The actions with their labels, in a layer above the page; gone with Escape or a click elsewhere.
 *
 * @param {HTMLElement} root
 * @param {{ left: number, top: number, bottom: number }} at on the screen
 * @param {TileAction[]} offered
 * @param {(action: TileAction) => void} onAct
 * @param {() => void} onClosed
 */
export const openTileMenu = (root, at, offered, onAct, onClosed) => {
  const menu = el("div", "tile-menu")
  menu.popover = "auto"
  menu.setAttribute("role", "menu")
  const items = offered.map(action => {
    const { label, key, icon } = TILE_ACTIONS[action]
    const item = button("", () => {
      menu.hidePopover()
      onAct(action)
    })
    item.setAttribute("role", "menuitem")
    item.append(iconOf(icon), el("span", "grow", tr(label)), el("span", "muted", key === "Delete" ? tr("Del") : key))
    return item
  })
  menu.append(...items)
  menu.onkeydown = event => {
    const step = STEPS[event.key] ?? 0
    if (event.key !== "Escape") event.stopPropagation()
    if (!step) return
    event.preventDefault()
    const focused = items.findIndex(item => item.matches(":focus"))
    items[(focused + step + items.length) % items.length].focus()
  }
  menu.addEventListener("toggle", event => {
    if (/** @type {ToggleEvent} */ (event).newState !== "closed") return
    menu.remove()
    onClosed()
  })
  root.append(menu)
  menu.showPopover()
  const { offsetWidth, offsetHeight } = menu
  const below = at.bottom + 4
  menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - offsetWidth - 8))}px`
  menu.style.top = `${below + offsetHeight <= innerHeight - 8 ? below : Math.max(8, at.top - offsetHeight - 4)}px`
  items[0]?.focus()
}
