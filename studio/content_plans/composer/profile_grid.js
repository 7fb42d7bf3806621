import { api } from "../../ui/shared/api.js"

/** @import { PostModel } from "./post_model.js" */

/**
 * A tile of a profile's grid. `assetId` "": no picture yet.
 *
 * @typedef {{ planId: string, title: string, state: string, localTime: string, assetId: string, isVideo: boolean,
 *   mediaCount: number }} GridTile
 */

const COLUMNS = 3
const TILES = 9
const MINUTE = "2026-11-23T18:00".length

/**
 * Three rows of a profile's grid, newest first, with the post in it (null) at its time; without one it is the newest.
 * One row that is later than the post's own is shown, where there is one.
 *
 * @param {GridTile[]} tiles newest first, perhaps with the post itself
 * @param {{ planId: string, localTime: string | null }} post
 * @returns {(GridTile | null)[]}
 */
export const gridAround = (tiles, { planId, localTime }) => {
  const others = tiles.filter(tile => tile.planId !== planId)
  const later = localTime
    ? others.filter(tile => tile.localTime.slice(0, MINUTE) > localTime.slice(0, MINUTE)).length
    : 0
  const all = [...others.slice(0, later), null, ...others.slice(later)]
  const firstRow = Math.max(0, Math.floor(later / COLUMNS) - 1)
  return all.slice(firstRow * COLUMNS, firstRow * COLUMNS + TILES)
}

/** The other posts of channels, read once for each channel, time zone and saved version. */
export class ProfileGrids {
  /**
   * @param {PostModel} model
   * @param {() => void} onRead
   */
  constructor(model, onRead) {
    this.model = model
    this.onRead = onRead
    /** @type {Map<string, GridTile[]>} */
    this.tilesByAddress = new Map()
  }

  /**
   * Empty until it was read.
   *
   * @param {string} channelId
   */
  around(channelId) {
    const { draft, loaded, data, base } = this.model
    const query = { workspace: data.workspace, channel: channelId, zone: draft.timeZone || "UTC", take: "60" }
    const address = `/api/content-plans/feed?${new URLSearchParams(query)}`
    const key = `${base.version} ${address}`
    const tiles = this.tilesByAddress.get(key)
    if (!tiles) this.read(key, address)
    return gridAround(tiles ?? [], { planId: loaded.plan.id, localTime: draft.localTime })
  }

  /**
   * @param {string} key
   * @param {string} address
   */
  async read(key, address) {
    this.tilesByAddress.set(key, [])
    try {
      this.tilesByAddress.set(key, (await api(address)).data)
    } catch {
      this.tilesByAddress.delete(key) // the grid shows this post alone; the next draw asks again
      return
    }
    this.onRead()
  }
}
