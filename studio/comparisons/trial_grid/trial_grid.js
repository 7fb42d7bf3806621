import { api } from "../../ui/shared/api.js"
import { el } from "../../ui/shared/dom.js"
import { mountable } from "../../ui/shared/mount.js"
import { AddressPoll, hasEnded } from "../../ui/shared/polling.js"
import { nextDrawn, placeText } from "./cells.js"
import { LargeView } from "./large_view.js"
import { TrialPlaceView } from "./place_view.js"

/** @import { CellAddress, TrialColumn, TrialPlace, TrialRow } from "./cells.js" */

/**
 * What `studio.comparisons.trial_grid.trial_grid` sends.
 *
 * @typedef {object} TrialGridData
 * @property {string} workspace
 * @property {TrialColumn[]} columns
 * @property {TrialRow[]} rows
 * @property {string} ratio
 * @property {string} poll
 */

const POLL_MS = 1500

class TrialGrid {
  /**
   * @param {HTMLElement} root
   * @param {TrialGridData} data
   */
  constructor(root, data) {
    this.data = data
    /** Cells by row and column. @type {TrialPlaceView[][]} */
    this.views = []
    /** What was drawn since the page ran, by number of the cell. @type {Map<number, string>} */
    this.filled = new Map()
    /** The headings that are drawn. */
    this.shape = ""
    /** The cell that is large. @type {CellAddress} */
    this.at = [0, 0]
    this.poll = new AddressPoll()
    /** @type {ComponentRun<TrialGridData>["setTriggerValue"]} */
    this.setTriggerValue = () => {}
    this.grid = el("div", "cells")
    this.large = new LargeView(data.workspace, direction => this.step(direction))
    const scroll = el("div", "scroll")
    scroll.append(this.grid)
    root.replaceChildren(scroll, this.large.dialog)
  }

  /** @param {ComponentRun<TrialGridData>} run */
  update({ data, setTriggerValue }) {
    this.data = data
    this.large.workspace = data.workspace
    this.setTriggerValue = setTriggerValue
    this.grid.style.setProperty("--ratio", data.ratio)
    this.draw()
    this.poll.follow(data.poll, () => this.readDrawn(), POLL_MS)
  }

  close() {
    this.poll.stop()
  }

  /** Empty: not drawn yet. @param {TrialPlace} place */
  assetOf(place) {
    return place.asset_id || this.filled.get(place.n) || ""
  }

  draw() {
    const { columns, rows, workspace, poll } = this.data
    const shape = JSON.stringify([columns, rows.map(row => [row.title, row.note])])
    if (this.shape !== shape) {
      this.shape = shape
      this.build()
    }
    for (const [r, row] of rows.entries()) {
      for (const [c, place] of row.places.entries()) {
        const label = placeText(columns[c], row, place)
        const assetId = this.assetOf(place)
        this.views[r][c].draw(place, { workspace, assetId, isWaiting: Boolean(poll), label })
      }
    }
  }

  build() {
    const { columns, rows } = this.data
    this.grid.style.setProperty("--n", String(columns.length))
    this.views = rows.map((_, r) => columns.map((_, c) => new TrialPlaceView(() => this.show([r, c]))))
    const lines = rows.flatMap((row, r) => [buildRowLabel(row), ...this.views[r].map(view => view.node)])
    this.grid.replaceChildren(el("div", "corner"), ...columns.map(buildColumnHead), ...lines)
  }

  /**
   * Shows a cell large, when it has a picture.
   *
   * @param {CellAddress} at
   */
  show(at) {
    const { columns, rows } = this.data
    const [r, c] = at
    const place = rows[r].places[c]
    const assetId = this.assetOf(place)
    if (!assetId) return
    this.at = at
    this.large.show({
      assetId,
      title: columns[c].name,
      prompt: rows[r].title,
      note: rows[r].note,
      figures: place.words.split("\n").join(" · "),
      strip: columns.map((column, i) => ({
        name: column.name,
        assetId: this.assetOf(rows[r].places[i]),
        isShown: i === c,
        onOpen: () => this.show([r, i]),
      })),
    })
  }

  /** @param {CellAddress} direction */
  step(direction) {
    const next = nextDrawn(this.data.rows, this.at, direction, place => Boolean(this.assetOf(place)))
    if (next) this.show(next)
  }

  /** Asks the job for what it has drawn; when it has ended, the page runs once. */
  async readDrawn() {
    const answer = await api(this.data.poll)
    for (const { n, assetId } of answer.data) this.filled.set(n, assetId)
    this.draw()
    if (hasEnded(answer.state)) {
      this.poll.stop()
      this.setTriggerValue("filled", { at: Date.now() })
    }
  }
}

/** @param {TrialColumn} column */
const buildColumnHead = ({ title, lines, marks }) => {
  const node = el("div", "head")
  const name = el("div", "name", title)
  name.append(...marks.map(([word, tone]) => el("span", `mark ${tone}`, word)))
  node.append(name, ...lines.map(line => el("div", "muted line", line)))
  return node
}

/** @param {TrialRow} row */
const buildRowLabel = ({ title, note }) => {
  const node = el("div", "label")
  node.append(el("div", "prompt", title), el("div", "muted line", note))
  return node
}

export default mountable((root, /** @type {ComponentRun<TrialGridData>} */ { data }) => new TrialGrid(root, data))
