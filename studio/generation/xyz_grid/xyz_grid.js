import { api, mediaUrl } from "../../ui/shared/api.js"
import { button, el, setIfChanged } from "../../ui/shared/dom.js"
import { mountable } from "../../ui/shared/mount.js"
import { AddressPoll, hasEnded } from "../../ui/shared/polling.js"
import { tr } from "../../ui/shared/words.js"
import { cellNumber, cornerText, fittingSide, threeAxes } from "./cells.js"

/** @import { GridAxis } from "./cells.js" */

/** @typedef {{ id: string, src: string, alt: string }} GridCell */

/**
 * What `studio.generation.xyz_grid.xyz_grid` sends. `cells` by number.
 *
 * @typedef {object} XyzGridData
 * @property {string} workspace
 * @property {GridAxis[]} axes
 * @property {Record<string, GridCell>} cells
 * @property {string} ratio
 * @property {string} poll
 */

const POLL_MS = 1500

class XyzGrid {
  /**
   * @param {HTMLElement} root
   * @param {XyzGridData} data
   */
  constructor(root, data) {
    this.root = root
    this.data = data
    /** @type {Map<number, { pic: HTMLButtonElement, img: HTMLImageElement, src: string }>} */
    this.views = new Map()
    /** @type {Record<string, GridCell>} */
    this.cells = {}
    /** The axes that are drawn. */
    this.axes = ""
    this.poll = new AddressPoll()
    /** @type {ComponentRun<XyzGridData>["setTriggerValue"]} */
    this.setTriggerValue = () => {}
    this.box = el("div")
    this.size = Object.assign(el("input"), { type: "range", min: "64", max: "320", value: "140" })
    this.size.oninput = () => this.applySize()
    const bar = el("label", "row bar-size")
    bar.append(el("span", "muted", tr("Size")), this.size)
    root.replaceChildren(bar, this.box)
  }

  /** @param {ComponentRun<XyzGridData>} run */
  update({ data, setTriggerValue }) {
    this.data = data
    this.setTriggerValue = setTriggerValue
    this.box.style.setProperty("--ratio", data.ratio)
    const isSameJob = data.poll && data.poll === this.poll.address
    this.cells = { ...(isSameJob ? this.cells : {}), ...data.cells }
    const axes = JSON.stringify(data.axes)
    if (this.axes !== axes) {
      this.axes = axes
      this.fitSize()
      this.buildSheets()
    }
    this.draw()
    this.poll.follow(data.poll, () => this.readDrawn(), POLL_MS)
  }

  close() {
    this.poll.stop()
  }

  applySize() {
    this.box.style.setProperty("--side", `${this.size.value}px`)
  }

  /** As large as all columns fit beside each other, until somebody says otherwise. */
  fitSize() {
    this.size.value = String(fittingSide(this.root.clientWidth, this.data.axes[0].labels.length))
    this.applySize()
  }

  buildSheets() {
    this.views.clear()
    const [x, y, z] = threeAxes(this.data.axes)
    this.box.replaceChildren(
      ...z.labels.map((label, k) => {
        const sheet = el("div", "sheet")
        const scroll = el("div", "scroll")
        if (z.title) sheet.append(el("div", "which", `${z.title}: ${label}`))
        scroll.append(this.buildTable(x, y, k))
        sheet.append(scroll)
        return sheet
      }),
    )
  }

  /**
   * @param {GridAxis} x
   * @param {GridAxis} y
   * @param {number} k place on the third axis
   */
  buildTable(x, y, k) {
    const table = el("table")
    const head = el("tr")
    head.append(el("th", "corner", cornerText(x, y)), ...x.labels.map(label => buildHeading("col", "", label)))
    table.append(head)
    for (const [j, label] of y.labels.entries()) {
      const row = el("tr")
      const cells = x.labels.map((_, i) => this.buildCell(cellNumber({ i, j, k }, [x, y])))
      row.append(buildHeading("row", "side", label), ...cells)
      table.append(row)
    }
    return table
  }

  /** @param {number} n */
  buildCell(n) {
    const cell = el("td")
    const pic = button("", () => this.open(n), "cell")
    const img = el("img")
    img.loading = "lazy"
    img.decoding = "async"
    img.alt = ""
    img.onload = () => img.classList.add("here")
    pic.append(img)
    pic.disabled = true
    cell.append(pic)
    this.views.set(n, { pic, img, src: "" })
    return cell
  }

  /** @param {number} n */
  open(n) {
    const cell = this.cells[n]
    if (cell) this.setTriggerValue("opened", { id: cell.id, at: Date.now() })
  }

  draw() {
    for (const [n, view] of this.views) {
      const cell = this.cells[n]
      view.pic.disabled = !cell
      view.pic.classList.toggle("wait", !cell && Boolean(this.data.poll))
      if (!cell) continue
      if (view.src !== cell.src) {
        view.src = cell.src
        view.img.src = cell.src
      }
      setIfChanged(view.img, "alt", cell.alt)
      setIfChanged(view.pic, "title", cell.alt)
    }
  }

  /** Asks the job for what it has drawn; when it has ended, the page runs once. */
  async readDrawn() {
    const { poll, workspace } = this.data
    const answer = await api(poll)
    for (const { n, id, prompt, assetId } of answer.data) {
      this.cells[n] ??= { id, alt: prompt, src: mediaUrl(workspace, assetId, "?w=320") }
    }
    this.draw()
    if (hasEnded(answer.state)) {
      this.poll.stop()
      this.setTriggerValue("filled", { at: Date.now() })
    }
  }
}

/**
 * @param {"row" | "col"} scope
 * @param {string} className
 * @param {string} text
 */
const buildHeading = (scope, className, text) => Object.assign(el("th", className, text), { scope })

export default mountable((root, /** @type {ComponentRun<XyzGridData>} */ { data }) => new XyzGrid(root, data))
