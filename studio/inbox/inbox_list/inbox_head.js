import { button, el } from "../../ui/shared/dom.js"
import { approvable } from "./entry.js"

/** @import { InboxEntry } from "./entry.js" */

/**
 * @typedef {{ fix: number, approve: number, faceCheck: number, rejected: number, total: number }} InboxCounts
 * @typedef {"all" | "fix" | "approve" | "face_check" | "rejected"} InboxFilter
 *
 * @typedef {object} InboxHeadState
 * @property {number} most rows of a short list; 0: the whole inbox
 * @property {boolean} canEdit
 * @property {InboxFilter} filter
 * @property {InboxCounts} counts
 * @property {Set<string>} picked
 */

/** @type {[InboxFilter, string, keyof InboxCounts][]} */
const FILTERS = [
  ["all", "All", "total"],
  ["fix", "To fix", "fix"],
  ["approve", "To approve", "approve"],
  ["face_check", "Face check", "faceCheck"],
  ["rejected", "Rejected", "rejected"],
]

const KEYS = "J K move · A accept · R send back · E open · X select · Z undo"
const VIEWER_KEYS = "J K move · E open"

/** Above the list: what kinds there are, and what can be done with all that are listed. */
export class InboxHead {
  /**
   * @param {object} does
   * @param {(filter: InboxFilter) => void} does.onFilter
   * @param {() => void} does.onClear
   * @param {(entries: InboxEntry[], verb: "approve" | "show" | "reject") => void} does.onAll
   */
  constructor(does) {
    this.does = does
    this.filters = el("div", "row filters")
    this.bulk = el("div", "row bulk")
    this.node = el("div", "row head")
    this.node.append(this.filters, this.bulk)
  }

  /**
   * @param {InboxEntry[]} listed
   * @param {InboxHeadState} state
   */
  draw(listed, state) {
    this.drawFilters(state)
    const picked = listed.filter(({ id }) => state.picked.has(id)).length
    const nodes = picked
      ? [el("strong", "", `${picked} selected`), button("Clear", this.does.onClear, "quiet")]
      : this.bulkButtons(listed, state)
    if (listed.length && !(picked || state.most))
      nodes.push(el("span", "keys muted", state.canEdit ? KEYS : VIEWER_KEYS))
    this.bulk.replaceChildren(...nodes)
  }

  /** @param {InboxHeadState} state */
  drawFilters({ most, filter, counts }) {
    const chips = FILTERS.filter(([name, , count]) => hasChip(name, counts[count], most, filter))
    this.filters.replaceChildren(
      ...chips.map(([name, label, count]) => {
        const isOn = !most && name === filter
        const node = button(`${label} ${counts[count]}`, () => this.does.onFilter(name), isOn ? "filter on" : "filter")
        if (!most) node.setAttribute("aria-pressed", String(isOn))
        return node
      }),
    )
  }

  /**
   * @param {InboxEntry[]} listed
   * @param {InboxHeadState} state
   * @returns {HTMLElement[]}
   */
  bulkButtons(listed, { canEdit, filter, counts }) {
    if (!canEdit) return []
    const { onAll } = this.does
    const toApprove = listed.filter(({ kind }) => kind === "approve").length
    const posts = approvable(listed)
    const pictures = filter === "face_check" ? listed.filter(({ noun }) => noun === "picture") : []
    const nodes = []
    if (posts.length > 1) {
      const all = toApprove < counts.approve ? "" : "all "
      const approve = button(`Approve ${all}${posts.length}`, () => onAll(posts, "approve"))
      const left = toApprove - posts.length
      if (left) approve.title = `${left} left out: face match below the threshold, or their time has passed`
      nodes.push(approve)
    }
    if (pictures.length > 1) {
      nodes.push(button(`Show all ${pictures.length}`, () => onAll(pictures, "show")))
      nodes.push(button(`Reject all ${pictures.length}`, () => onAll(pictures, "reject")))
    }
    return nodes
  }
}

/**
 * @param {InboxFilter} name
 * @param {number} count
 * @param {number} most
 * @param {InboxFilter} filter that is chosen
 */
const hasChip = (name, count, most, filter) => {
  if (most) return count > 0 && name !== "all" && name !== "rejected"
  return count > 0 || name === "all" || name === filter
}
