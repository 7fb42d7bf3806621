import { mediaUrl } from "../../ui/shared/api.js"
import { button, el } from "../../ui/shared/dom.js"
import { grouped } from "../../ui/shared/format.js"
import { mountable } from "../../ui/shared/mount.js"
import { tr, trLazy } from "../../ui/shared/words.js"
import { curveBetween } from "./curve.js"

/**
 * Something in the chain. `focus`: it is what was asked about; `gone`: deleted since.
 *
 * @typedef {object} LineageNode
 * @property {string} noun
 * @property {string} id
 * @property {string} title
 * @property {string} detail
 * @property {string[]} thumbs ids of assets
 * @property {boolean} focus
 * @property {boolean} gone
 */

/** @typedef {{ title: string, noun: string, count: number, more: boolean, nodes: LineageNode[] }} LineageColumn */

/**
 * What `studio.lineage.lineage_chart.lineage_chart` sends. `edges`: pairs of ids.
 *
 * @typedef {{ workspace: string, columns: LineageColumn[], edges: [string, string][] }} LineageData
 */

/** @type {Record<string, string>} */
const EMPTY_TEXT = {
  dataset: trLazy("No dataset"),
  run: trLazy("Not trained here"),
  lora: trLazy("No LoRA"),
  picture: trLazy("No pictures yet"),
  clip: trLazy("No videos yet"),
}
/** Many of these are one box of thumbnails. */
const GROUPED = new Set(["picture", "clip"])
const SVG = "http://www.w3.org/2000/svg"

class LineageChart {
  /**
   * @param {HTMLElement} root
   * @param {LineageData} data
   */
  constructor(root, data) {
    this.data = data
    /** The box of each thing. @type {Map<string, HTMLElement>} */
    this.boxes = new Map()
    /** @type {ComponentRun<LineageData>["setTriggerValue"]} */
    this.setTriggerValue = () => {}
    this.body = el("div", "body")
    this.columns = el("div", "columns")
    this.svg = document.createElementNS(SVG, "svg")
    this.svg.setAttribute("aria-hidden", "true")
    this.body.append(this.svg, this.columns)
    root.replaceChildren(this.body)
    this.resizing = new ResizeObserver(() => this.drawLines())
  }

  /** @param {ComponentRun<LineageData>} run */
  update({ data, setTriggerValue }) {
    this.data = data
    this.setTriggerValue = setTriggerValue
    this.boxes.clear()
    this.columns.replaceChildren(...data.columns.map(column => this.buildColumn(column)))
    requestAnimationFrame(() => this.drawLines())
    this.resizing.observe(this.body)
  }

  close() {
    this.resizing.disconnect()
  }

  /**
   * @param {LineageNode} node
   * @param {boolean} page whether its own page is asked for, not its lineage
   */
  choose(node, page) {
    this.setTriggerValue("chosen", { noun: node.noun, id: node.id, page, at: Date.now() })
  }

  /** @param {LineageColumn} column */
  buildColumn({ title, noun, count, more, nodes }) {
    const box = el("div", "column")
    const number = (/** @type {number} */ n) => `${grouped(n)}${more ? "+" : ""}`
    box.append(el("div", "muted title", count ? `${title} · ${number(count)}` : title))
    if (GROUPED.has(noun) && nodes.length > 1) box.append(this.buildGroup(nodes))
    else box.append(...nodes.map(node => this.buildNode(node)))
    if (!nodes.length) box.append(el("div", "none muted", tr(EMPTY_TEXT[noun])))
    const hidden = count - nodes.length
    if (hidden > 0) box.append(el("div", "muted rest", tr("and {n} more", { n: number(hidden) })))
    return box
  }

  /** @param {LineageNode} node */
  buildNode(node) {
    const box = el("div", `node${node.focus ? " focus" : ""}${node.gone ? " gone-since" : ""}`)
    const name = button("", () => this.choose(node, node.focus), "name")
    const detail = [node.detail, node.gone ? tr("deleted") : ""].filter(Boolean).join(" · ")
    name.append(el("b", "cut", node.title), el("span", "muted cut", detail))
    name.title = node.focus ? node.title : tr("How {name} was made", { name: node.title })
    const thumbs = el("div", "thumbs")
    thumbs.append(...node.thumbs.map(id => this.buildThumb(id)))
    const open = button("↗", () => this.choose(node, true), "quiet")
    open.title = tr("Open its page")
    open.setAttribute("aria-label", tr("Open {name}", { name: node.title }))
    box.append(thumbs, name, open)
    this.boxes.set(node.id, box)
    return box
  }

  /** One box of thumbnails, with one line to it. @param {LineageNode[]} nodes */
  buildGroup(nodes) {
    const box = el("div", "node group")
    for (const node of nodes) {
      const open = button("", () => this.choose(node, true))
      open.title = [node.title, node.detail].filter(Boolean).join(" · ")
      open.setAttribute("aria-label", tr("Open {name}", { name: node.title }))
      open.append(this.buildThumb(node.thumbs[0]))
      box.append(open)
      this.boxes.set(node.id, box)
    }
    return box
  }

  /** @param {string} assetId */
  buildThumb(assetId) {
    const img = el("img")
    img.loading = "lazy"
    img.alt = ""
    img.src = mediaUrl(this.data.workspace, assetId, "?w=160")
    return img
  }

  drawLines() {
    const frame = this.body.getBoundingClientRect()
    this.svg.setAttribute("viewBox", `0 0 ${frame.width} ${frame.height}`)
    this.svg.setAttribute("width", String(frame.width))
    this.svg.setAttribute("height", String(frame.height))
    // The things of a group share one box, so their lines are the same.
    const shapes = new Set(this.data.edges.map(([left, right]) => this.shapeOf(left, right, frame)))
    this.svg.replaceChildren(
      ...[...shapes].flatMap(shape => {
        if (shape === null) return []
        const path = document.createElementNS(SVG, "path")
        path.setAttribute("d", shape)
        return [path]
      }),
    )
  }

  /**
   * @param {string} left
   * @param {string} right
   * @param {DOMRect} frame
   */
  shapeOf(left, right, frame) {
    const from = this.boxes.get(left)?.getBoundingClientRect()
    const to = this.boxes.get(right)?.getBoundingClientRect()
    return from && to ? curveBetween(from, to, frame) : null
  }
}

export default mountable((root, /** @type {ComponentRun<LineageData>} */ { data }) => new LineageChart(root, data))
