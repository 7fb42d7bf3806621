import { messageOf, send } from "../shared/api.js"
import { el } from "../shared/dom.js"
import { Toast } from "../shared/toast.js"

/** @import { GalleryTile } from "./gallery_tile.js" */
/** @import { TileAction } from "./tile_bar.js" */

/**
 * What a tile's grid has to be for its actions.
 *
 * @typedef {{ data: { workspace: string }, tiles: GalleryTile[], draw(): void }} TileGrid
 */

/** The actions that need no page to run: favourite, delete with its undo, download. */
export class TileActs {
  /** @param {TileGrid} grid */
  constructor(grid) {
    this.grid = grid
    this.toast = new Toast()
    /** Ids of what was deleted here; Python may still send them. @type {Set<string>} */
    this.deleted = new Set()
  }

  /**
   * @template {{ id: string }} Row
   * @param {Row[]} rows
   */
  withoutDeleted(rows) {
    return rows.filter(({ id }) => !this.deleted.has(id))
  }

  /**
   * Whether the action is done here.
   *
   * @param {GalleryTile} tile
   * @param {TileAction} action
   */
  act(tile, action) {
    if (action === "favourite") this.favour(tile)
    else if (action === "delete") this.delete(tile)
    else if (action === "download") this.download(tile)
    else return false
    return true
  }

  /** @param {GalleryTile} tile */
  async favour(tile) {
    tile.favourite = !tile.favourite
    this.grid.draw()
    try {
      await this.post({ kind: "favourite", favourite: tile.favourite, pictureIds: [tile.id] })
    } catch (error) {
      tile.favourite = !tile.favourite
      this.fail(error)
    }
  }

  /** @param {GalleryTile} tile */
  async delete(tile) {
    const { grid } = this
    const place = grid.tiles.indexOf(tile)
    this.deleted.add(tile.id)
    grid.tiles = this.withoutDeleted(grid.tiles)
    grid.draw()
    try {
      const done = await this.post({ kind: "delete", pictureIds: [tile.id] })
      this.toast.offerUndo(done.said, () => this.undelete(tile, place, done.id))
    } catch (error) {
      this.putBack(tile, place)
      this.fail(error)
    }
  }

  /**
   * @param {GalleryTile} tile
   * @param {number} place
   * @param {string} actId
   */
  async undelete(tile, place, actId) {
    const { workspace } = this.grid.data
    try {
      await send(`/api/pictures/acts/${actId}/undo?workspace=${encodeURIComponent(workspace)}`, {}, workspace)
      this.toast.hide()
      this.putBack(tile, place)
    } catch (error) {
      this.fail(error)
    }
  }

  /**
   * @param {GalleryTile} tile
   * @param {number} place
   */
  putBack(tile, place) {
    const { grid } = this
    this.deleted.delete(tile.id)
    if (!grid.tiles.some(({ id }) => id === tile.id)) grid.tiles.splice(place, 0, tile)
    grid.draw()
  }

  /** @param {GalleryTile} tile */
  download({ id }) {
    const workspace = encodeURIComponent(this.grid.data.workspace)
    const link = el("a")
    link.href = `/api/pictures/${encodeURIComponent(id)}/file?workspace=${workspace}`
    link.download = ""
    link.click()
  }

  /** @param {object} body */
  post(body) {
    const { workspace } = this.grid.data
    return send(`/api/pictures/acts?workspace=${encodeURIComponent(workspace)}`, body, workspace)
  }

  /** @param {unknown} error */
  fail(error) {
    this.grid.draw()
    const text = el("span", "grow", messageOf(error))
    text.setAttribute("role", "alert")
    this.toast.show(text, this.toast.buildClose())
  }
}
