import { button, el } from "../../ui/shared/dom.js"
import { tr, trLazy } from "../../ui/shared/words.js"
import { approvable, commonActions } from "./entry.js"

/** @import { EntryVerb, InboxEntry } from "./entry.js" */

/**
 * @typedef {object} InboxCounts
 * @property {number} fix
 * @property {number} approve
 * @property {number} faceCheck
 * @property {number} rejected
 * @property {number} notices unread ones
 * @property {number} total
 * @typedef {"all" | "fix" | "approve" | "face_check" | "notice_log" | "rejected"} InboxFilter
 *
 * @typedef {{ label: string, unread: boolean }} NoticeFilter
 *
 * @typedef {object} InboxHeadState
 * @property {number} most rows of a short list; 0: the whole inbox
 * @property {boolean} canEdit
 * @property {InboxFilter} filter
 * @property {InboxCounts} counts
 * @property {Set<string>} picked
 * @property {boolean} isPicking whether entries are being ticked
 * @property {NoticeFilter} only which notices are listed
 * @property {string[]} labels of the kinds of notices there are
 */

/** @type {[InboxFilter, string, keyof InboxCounts][]} */
const FILTERS = [
  ["all", trLazy("All"), "total"],
  ["fix", trLazy("To fix"), "fix"],
  ["approve", trLazy("To approve"), "approve"],
  ["face_check", trLazy("Face check"), "faceCheck"],
  ["notice_log", trLazy("Notices"), "notices"],
  ["rejected", trLazy("Rejected"), "rejected"],
]

const KEYS = trLazy("J K move · A accept · R send back · E open · X select · Z undo")
const VIEWER_KEYS = trLazy("J K move · E open")
const NOTICE_KEYS = trLazy("J K move · A mark as read · R mark as unread · E open")

/** Above the list: what kinds there are, and what can be done with all that are listed. */
export class InboxHead {
  /**
   * @param {object} does
   * @param {(filter: InboxFilter) => void} does.onFilter
   * @param {() => void} does.onClear
   * @param {() => void} does.onPicking
   * @param {(verb: Exclude<EntryVerb, "open">) => void} does.onAct
   * @param {(entries: InboxEntry[], verb: "approve" | "show" | "reject" | "markRead") => void} does.onAll
   * @param {(only: NoticeFilter) => void} does.onNotices
   */
  constructor(does) {
    this.does = does
    this.filters = el("div", "row filters")
    this.bulk = el("div", "row bulk")
    this.node = el("div", "row head")
    this.kinds = el("select")
    this.kinds.setAttribute("aria-label", tr("Kind of notice"))
    this.unread = el("input")
    this.unread.type = "checkbox"
    const unread = el("label", "row unread")
    unread.append(this.unread, tr("Unread"))
    this.notices = el("div", "row notices gone")
    this.notices.append(this.kinds, unread)
    const choose = () => does.onNotices({ label: this.kinds.value, unread: this.unread.checked })
    this.kinds.onchange = choose
    this.unread.onchange = choose
    this.node.append(this.filters, this.notices, this.bulk)
  }

  /**
   * @param {InboxEntry[]} listed
   * @param {InboxHeadState} state
   */
  draw(listed, state) {
    this.drawFilters(state)
    this.drawNotices(state)
    const nodes = state.isPicking ? this.pickedButtons(listed, state) : this.bulkButtons(listed, state)
    if (listed.length && !(state.isPicking || state.most)) {
      if (state.canEdit) nodes.push(button(tr("Select"), this.does.onPicking, "by-touch"))
      const ofEntries = state.canEdit ? KEYS : VIEWER_KEYS
      const keys = state.filter === "notice_log" ? NOTICE_KEYS : ofEntries
      nodes.push(keyHints(tr(keys)))
    }
    this.bulk.replaceChildren(...nodes)
  }

  /**
   * What can be done with all that are ticked.
   *
   * @param {InboxEntry[]} listed
   * @param {InboxHeadState} state
   */
  pickedButtons(listed, { picked, canEdit }) {
    const ticked = listed.filter(({ id }) => picked.has(id))
    const acts = commonActions(ticked, canEdit).map(({ verb, label }, place) =>
      button(tr(label), () => this.does.onAct(verb), place ? "" : "main"),
    )
    return [
      el("strong", "", tr("{n} selected", { n: ticked.length })),
      ...acts,
      button(tr("Clear selection"), this.does.onClear, "quiet"),
    ]
  }

  /** @param {InboxHeadState} state */
  drawNotices({ filter, labels, only }) {
    this.notices.classList.toggle("gone", filter !== "notice_log")
    const options = ["", ...labels]
    const known = [...this.kinds.options].map(({ value }) => value)
    if (JSON.stringify(options) !== JSON.stringify(known))
      this.kinds.replaceChildren(...options.map(label => new Option(tr(label || "All kinds"), label)))
    this.kinds.value = only.label
    this.unread.checked = only.unread
  }

  /** @param {InboxHeadState} state */
  drawFilters({ most, filter, counts }) {
    const chips = FILTERS.filter(([name, , count]) => hasChip(name, counts[count], most, filter))
    this.filters.replaceChildren(
      ...chips.map(([name, label, count]) => {
        const isOn = !most && name === filter
        const node = button(
          `${tr(label)} ${counts[count]}`,
          () => this.does.onFilter(name),
          isOn ? "filter on" : "filter",
        )
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
    const { onAll } = this.does
    const unread = filter === "notice_log" ? listed.filter(({ state }) => state === "unread") : []
    if (unread.length) return [button(tr("Mark {n} as read", { n: unread.length }), () => onAll(unread, "markRead"))]
    if (!canEdit) return []
    const toApprove = listed.filter(({ kind }) => kind === "approve").length
    const posts = approvable(listed)
    const pictures = filter === "face_check" ? listed.filter(({ noun }) => noun === "picture") : []
    const nodes = []
    if (posts.length > 1) {
      const n = posts.length
      const label = toApprove < counts.approve ? tr("Approve {n}", { n }) : tr("Approve all {n}", { n })
      const approve = button(label, () => onAll(posts, "approve"))
      const left = toApprove - posts.length
      if (left)
        approve.title = tr("{n} left out: face match below the threshold, or their time has passed", { n: left })
      nodes.push(approve)
    }
    if (pictures.length > 1) {
      nodes.push(button(tr("Show all {n}", { n: pictures.length }), () => onAll(pictures, "show")))
      nodes.push(button(tr("Reject all {n}", { n: pictures.length }), () => onAll(pictures, "reject")))
    }
    return nodes
  }
}

/** Where they do not fit into one line, a hint goes to the next as a whole. @param {string} text */
const keyHints = text => {
  const node = el("span", "keys muted")
  for (const hint of text.split(" · ")) node.append(...(node.hasChildNodes() ? [" · "] : []), el("span", "", hint))
  return node
}

/**
 * @param {InboxFilter} name
 * @param {number} count
 * @param {number} most
 * @param {InboxFilter} filter that is chosen
 */
const hasChip = (name, count, most, filter) => {
  if (name === "notice_log") return count > 0 || !most
  if (most) return count > 0 && name !== "all" && name !== "rejected"
  return count > 0 || name === "all" || name === filter
}
