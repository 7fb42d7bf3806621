/** Stars that Python has not confirmed yet. They stay as given, and are sent again with the next ones. */
export class UnsavedRatings {
  constructor() {
    /** @type {Map<string, number>} */
    this.stars = new Map()
  }

  /**
   * The same number of stars again takes them away.
   *
   * @param {{ id: string, rating: number }[]} tiles
   * @param {string} id the tile that was rated
   * @param {string[]} ids the tiles that get its rating
   * @param {number} stars
   */
  rate(tiles, id, ids, stars) {
    const rating = tiles.find(tile => tile.id === id)?.rating === stars ? 0 : stars
    for (const one of ids) this.stars.set(one, rating)
    for (const tile of tiles) if (ids.includes(tile.id)) tile.rating = rating
  }

  /**
   * Forgets what the tiles show by now and writes the others into them.
   *
   * @param {{ id: string, rating: number }[]} tiles
   */
  applyTo(tiles) {
    for (const tile of tiles) {
      const stars = this.stars.get(tile.id)
      if (stars === undefined) continue
      if (stars === tile.rating) this.stars.delete(tile.id)
      else tile.rating = stars
    }
  }
}
