import { button, el, setIfChanged } from "../shared/dom.js"
import { buildStars, drawStars } from "../shared/stars.js"
import { tr } from "../shared/words.js"
import { buildTileBar } from "./tile_bar.js"

/** @import { TileAction } from "./tile_bar.js" */

/**
 * As `studio.ui.picture_grid.Tile` sends it.
 *
 * @typedef {object} GalleryTile
 * @property {string} id
 * @property {string} src
 * @property {string} alt
 * @property {string} caption
 * @property {number} rating
 * @property {boolean} favourite
 * @property {[word: string, tone: string][]} badges
 * @property {boolean} dim
 */

/**
 * @typedef {object} GalleryTileActions
 * @property {(id: string, event: PointerEvent) => void} onClick
 * @property {(id: string, range: boolean) => void} onToggle
 * @property {(id: string, stars: number) => void} onRate
 * @property {(id: string) => void} onFocus
 * @property {(id: string, action: TileAction) => void} onAct
 * @property {(id: string, at: { left: number, top: number, bottom: number }) => void} onMenu
 */

export class GalleryTileView {
  /**
   * @param {string} id
   * @param {GalleryTileActions} actions
   */
  constructor(id, actions) {
    this.node = el("div", "tile")
    this.picture = el("div", "pic")
    this.img = el("img")
    this.tick = button("✓", null, "tick")
    this.badges = el("div", "badges")
    this.foot = el("div", "foot")
    this.caption = el("div", "text")
    this.stars = buildStars(stars => actions.onRate(id, stars))
    this.src = ""
    this.drawnBadges = ""
    this.id = id
    this.actions = actions
    /** @type {HTMLElement | null} */
    this.bar = null
    this.offered = ""
    this.img.loading = "lazy"
    this.img.decoding = "async"
    this.img.onload = () => this.img.classList.add("here")
    this.node.tabIndex = -1
    this.node.setAttribute("role", "listitem")
    this.tick.tabIndex = -1
    this.tick.onclick = event => {
      event.stopPropagation()
      actions.onToggle(id, event.shiftKey)
    }
    this.node.onclick = event => actions.onClick(id, event)
    this.node.onfocus = () => actions.onFocus(id)
    this.node.oncontextmenu = event => {
      if (!this.bar) return
      event.preventDefault()
      actions.onMenu(id, { left: event.clientX, top: event.clientY, bottom: event.clientY })
    }
    this.picture.append(this.img, this.tick, this.badges)
    this.foot.append(this.caption, this.stars)
    this.node.append(this.picture, this.foot)
  }

  /**
   * @param {GalleryTile} tile
   * @param {{ selected: boolean, selectable: boolean, ratable: boolean, offered: TileAction[] }} state
   */
  draw(tile, { selected, selectable, ratable, offered }) {
    if (this.src !== tile.src) {
      this.src = tile.src
      this.img.classList.remove("here")
      this.img.src = tile.src
    }
    setIfChanged(this.img, "alt", tile.alt)
    this.node.setAttribute("aria-label", tile.alt)
    setIfChanged(this.node, "title", tile.caption || tile.alt)
    this.node.classList.toggle("dim", tile.dim)
    this.node.classList.toggle("on", selected)
    this.node.classList.toggle("faved", tile.favourite)
    this.drawBar(offered)
    this.tick.classList.toggle("gone", !selectable)
    this.tick.setAttribute("aria-label", selected ? tr("Deselect") : tr("Select"))
    setIfChanged(this.caption, "textContent", tile.caption)
    this.caption.classList.toggle("gone", !tile.caption)
    this.drawBadges(tile.badges)
    this.stars.classList.toggle("gone", !ratable)
    drawStars(this.stars, tile.rating)
    this.foot.classList.toggle("gone", !tile.caption && !ratable)
  }

  /** @param {boolean} is whether Tab reaches the tile, and after it its menu */
  setTabStop(is) {
    const more = this.bar?.querySelector(".more")
    for (const node of [this.node, more]) if (node instanceof HTMLElement) setIfChanged(node, "tabIndex", is ? 0 : -1)
  }

  /** @param {TileAction[]} offered */
  drawBar(offered) {
    const names = offered.join()
    if (this.offered === names) return
    this.offered = names
    this.bar?.remove()
    this.bar = null
    if (!offered.length) return
    const onAct = (/** @type {TileAction} */ action) => this.actions.onAct(this.id, action)
    this.bar = buildTileBar(offered, onAct, anchor => this.actions.onMenu(this.id, anchor.getBoundingClientRect()))
    this.picture.append(this.bar)
  }

  /** @param {GalleryTile["badges"]} badges */
  drawBadges(badges) {
    const drawn = badges.map(([word, tone]) => `${word}|${tone}`).join()
    if (this.drawnBadges === drawn) return
    this.drawnBadges = drawn
    this.badges.replaceChildren(...badges.map(([word, tone]) => el("span", `badge ${tone}`, word)))
  }
}
