import { api, messageOf } from "../../ui/shared/api.js"
import { el, placeChild, removeOthers, setIfChanged } from "../../ui/shared/dom.js"
import { followChanges, isTyping, isUnderDialog } from "../../ui/shared/live_changes.js"
import { canShareStream } from "../../ui/shared/live_events.js"
import { mountable } from "../../ui/shared/mount.js"
import { poll } from "../../ui/shared/polling.js"
import { tr, trLazy } from "../../ui/shared/words.js"
import { DoneToast } from "./done_toast.js"
import { actionsOf, filteredNotices, selectedAfter, shortList } from "./entry.js"
import { EntryDetail } from "./entry_detail.js"
import { EntryRow } from "./entry_row.js"
import { callIn, performAll } from "./entry_verbs.js"
import { InboxHead } from "./inbox_head.js"

/** @import { EntryAction, InboxEntry } from "./entry.js" */
/** @import { Done } from "./entry_verbs.js" */
/** @import { InboxCounts, InboxFilter, NoticeFilter } from "./inbox_head.js" */

/**
 * What `studio.inbox.inbox_list.inbox_list` sends.
 *
 * @typedef {object} InboxListData
 * @property {string} workspace
 * @property {string} influencerId "" for all
 * @property {boolean} canEdit
 * @property {number} most rows of a short list; 0: the whole inbox with its detail and its keys
 * @property {InboxFilter} filter chosen at first
 * @property {InboxEntry[]} entries
 * @property {InboxCounts} counts
 */

/** What can change the inbox. */
const NOUNS = ["plan", "post", "picture", "job", "channel", "workspace", "influencer", "budget", "notice"]
const WITHOUT_STREAM_MS = 15_000
const MOVES = new Set(["j", "k"])
/** From this width on the selected entry is beside the list, below it under its row. */
const WIDE_PX = 760
/** @type {Partial<Record<InboxFilter, string>>} */
const EMPTY = { rejected: trLazy("Nothing was rejected."), notice_log: trLazy("No notices.") }

/** Whether these entries are read alone, when they are asked for. @param {string} filter */
const isListedAlone = filter => filter === "rejected" || filter === "notice_log"

class InboxList {
  /**
   * @param {HTMLElement} root
   * @param {InboxListData} data
   */
  constructor(root, data) {
    this.data = data
    this.entries = data.entries
    this.counts = data.counts
    /** What Python sent last. @type {InboxEntry[] | null} */
    this.sent = null
    /** @type {InboxFilter} */
    this.filter = data.filter
    /** @type {NoticeFilter} */
    this.only = { label: "", unread: false }
    this.selected = ""
    /** Entries that something is being done with: they are gone from the list already. @type {Set<string>} */
    this.acting = new Set()
    /** Ticked entries: what is done with one of them is done with all of them, where it can be. @type {Set<string>} */
    this.picked = new Set()
    /** Whether a tap on a row ticks it: for fingers, which have no pointer that finds the tick. */
    this.isPicking = false
    /** @type {Map<string, EntryRow>} */
    this.rows = new Map()
    /** @type {Done["undo"]} */
    this.undoable = undefined
    /** @type {ComponentRun<InboxListData>["setTriggerValue"]} */
    this.setTriggerValue = () => {}
    this.followed = ""
    /** @type {() => void} */
    this.stopFollowing = () => {}
    this.detail = new EntryDetail((entry, action, note) => this.act(entry, action, note))
    this.head = new InboxHead({
      onFilter: filter => this.choose(filter),
      onClear: () => this.unpick(),
      onPicking: () => this.startPicking(),
      onAct: verb => this.actOnPicked(verb),
      onNotices: only => this.chooseNotices(only),
      onAll: (entries, verb) => this.actOnAll(entries, () => performAll(entries, verb, "", this.data.workspace)),
    })
    this.list = el("div", "list")
    this.aside = el("div", "aside")
    this.panes = el("div", "panes")
    this.panes.append(this.list, this.aside)
    this.empty = el("div", "empty muted gone")
    this.toast = new DoneToast(() => this.undo())
    root.replaceChildren(this.head.node, this.panes, this.empty, this.toast.node)
    root.classList.toggle("short", data.most > 0)
    this.resized = new ResizeObserver(() => this.placeDetail())
    this.resized.observe(root)
    this.root = root
    /** @param {KeyboardEvent} event */
    this.onKey = event => this.key(event)
    if (!data.most) document.addEventListener("keydown", this.onKey)
  }

  /** @param {ComponentRun<InboxListData>} run */
  update({ data, setTriggerValue }) {
    this.data = data
    this.setTriggerValue = setTriggerValue
    if (this.sent !== data.entries) {
      this.sent = data.entries
      this.take(data.entries, data.counts)
    }
    const followed = `${data.workspace} ${data.influencerId}`
    if (followed === this.followed) return
    this.stopFollowing()
    this.followed = followed
    const read = () => this.read()
    this.stopFollowing = canShareStream()
      ? followChanges(data.workspace, NOUNS, read)
      : poll(() => this.read(), WITHOUT_STREAM_MS)
  }

  close() {
    this.stopFollowing()
    this.resized.disconnect()
    document.removeEventListener("keydown", this.onKey)
  }

  /** Reads the inbox anew. */
  async read() {
    const { workspace, influencerId } = this.data
    const kinds = isListedAlone(this.filter) ? [this.filter] : ["fix", "approve", "face_check", "notice"]
    const query = new URLSearchParams([
      ["workspace", workspace],
      ["influencer", influencerId],
    ])
    const list = new URLSearchParams([...query, ...kinds.map(kind => ["kind", kind])])
    try {
      const [entries, counts] = await Promise.all([api(`/api/inbox?${list}`), api(`/api/inbox/counts?${query}`)])
      this.take(entries.data, counts)
    } catch (error) {
      this.toast.warn(messageOf(error))
    }
  }

  /**
   * @param {InboxEntry[]} entries
   * @param {InboxCounts} counts
   */
  take(entries, counts) {
    const before = this.shown()
    this.entries = entries
    this.counts = counts
    this.selected = selectedAfter(before, this.shown(), this.selected)
    this.draw()
  }

  /** Whether entries are ticked, or are about to be. */
  get isTicking() {
    return this.isPicking || this.picked.size > 0
  }

  /** The entries of the chosen kind. */
  shown() {
    const waiting = this.entries.filter(({ id }) => !this.acting.has(id))
    if (this.filter === "notice_log") return filteredNotices(waiting, this.only)
    return this.filter === "all" ? waiting : waiting.filter(({ kind }) => kind === this.filter)
  }

  draw() {
    const { workspace, canEdit, most } = this.data
    const all = this.shown()
    const shown = most ? shortList(all, most) : all
    removeOthers(this.rows, new Set(shown.map(({ id }) => id)))
    for (const [place, entry] of shown.entries()) {
      const row = this.rowOf(entry.id)
      const isPicked = this.picked.has(entry.id)
      row.draw(entry, { workspace, canEdit, isSelected: !most && entry.id === this.selected, isPicked })
      placeChild(this.list, row.node, place)
    }
    const entry = most ? undefined : shown.find(({ id }) => id === this.selected)
    this.detail.draw(entry ?? null, this.data)
    this.panes.classList.toggle("gone", !shown.length)
    this.empty.classList.toggle("gone", shown.length > 0)
    setIfChanged(this.empty, "textContent", tr(EMPTY[this.filter] ?? trLazy("All done. Nothing waits for you.")))
    const labels = [...new Set(this.entries.map(({ label }) => label).filter(Boolean))].sort()
    const { counts, filter, picked, only } = this
    this.head.draw(all, { ...this.data, counts, filter, picked, isPicking: this.isTicking, only, labels })
    this.root.classList.toggle("picking", this.isTicking)
    this.placeDetail()
  }

  /** @param {string} id */
  rowOf(id) {
    const row = this.rows.get(id) ?? this.newRow()
    this.rows.set(id, row)
    return row
  }

  newRow() {
    return this.data.most
      ? new EntryRow({ onSelect: entry => this.open(entry), onAct: (entry, action) => this.act(entry, action, "") })
      : new EntryRow({
          onSelect: entry => (this.isPicking ? this.pick(entry.id) : this.select(entry.id)),
          onPick: this.data.canEdit ? entry => this.pick(entry.id) : undefined,
        })
  }

  /** Ticks an entry, or takes the tick away. @param {string} id */
  pick(id) {
    if (!this.picked.delete(id)) this.picked.add(id)
    this.draw()
  }

  unpick() {
    this.picked.clear()
    this.isPicking = false
    this.draw()
  }

  startPicking() {
    this.isPicking = true
    this.draw()
  }

  /** @param {Exclude<import("./entry.js").EntryVerb, "open">} verb that all ticked entries have */
  actOnPicked(verb) {
    const entries = this.shown().filter(({ id }) => this.picked.has(id))
    this.isPicking = false
    this.actOnAll(entries, () => performAll(entries, verb, "", this.data.workspace))
  }

  /** Beside the list, or under its row where there is no room. */
  placeDetail() {
    const isWide = this.root.clientWidth >= WIDE_PX
    this.root.classList.toggle("wide", isWide)
    const row = this.rows.get(this.selected)
    const parent = isWide || !row ? this.aside : row.node
    if (this.detail.node.parentElement !== parent) parent.append(this.detail.node)
  }

  /** @param {InboxFilter} filter */
  choose(filter) {
    if (this.data.most) {
      this.setTriggerValue("opened", {
        noun: "inbox",
        id: filter,
        influencerId: this.data.influencerId,
        at: Date.now(),
      })
      return
    }
    const reads = filter !== this.filter && (isListedAlone(filter) || isListedAlone(this.filter))
    this.filter = filter
    this.selected = this.shown()[0]?.id ?? ""
    this.draw()
    if (reads) this.read()
  }

  /** @param {NoticeFilter} only */
  chooseNotices(only) {
    this.only = only
    this.selected = this.shown()[0]?.id ?? ""
    this.draw()
  }

  /** @param {string} id */
  select(id) {
    this.selected = id
    this.draw()
    this.rows.get(id)?.node.scrollIntoView({ block: "nearest" })
  }

  /** @param {InboxEntry} entry */
  open({ noun, nounId, influencerId }) {
    this.setTriggerValue("opened", { noun, id: nounId, influencerId, at: Date.now() })
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping() || isUnderDialog()) return
    const key = event.key.toLowerCase()
    if (event.repeat && !MOVES.has(key)) return // held down, it would approve one entry after the other
    if (this.actOnKey(key)) event.preventDefault()
  }

  /** Whether the key means something. @param {string} key */
  actOnKey(key) {
    const shown = this.shown()
    const at = shown.findIndex(({ id }) => id === this.selected)
    const entry = shown[at]
    const action = entry && actionsOf(entry, this.data.canEdit).find(option => option.key === key)
    if (key === "j") this.move(shown[at + 1])
    else if (key === "k") this.move(shown[at - 1])
    else if (key === "z") this.undo()
    else if (key === "x" && entry && this.data.canEdit) this.pick(entry.id)
    else if (key === "escape" && this.isTicking) this.unpick()
    else if (key === "enter" && entry && this.focusedRow()) this.open(entry)
    else if (action) this.detail.start(entry, action)
    else return false
    return true
  }

  /** The focused row's button, if one has the focus. */
  focusedRow() {
    const tree = /** @type {Document | ShadowRoot} */ (this.root.getRootNode())
    const focused = tree.activeElement
    return focused?.classList.contains("pick") ? focused : null
  }

  /** @param {InboxEntry | undefined} entry */
  move(entry) {
    if (!entry) return
    this.select(entry.id)
    this.rows.get(entry.id)?.select.focus({ preventScroll: true })
  }

  /**
   * @param {InboxEntry} entry
   * @param {EntryAction} action
   * @param {string} note
   */
  act(entry, { verb }, note) {
    if (verb === "open") this.open(entry)
    else {
      const targets = this.targets(entry, verb)
      this.actOnAll(targets, () => performAll(targets, verb, note, this.data.workspace))
    }
  }

  /**
   * The entry, or all that are ticked and can be treated like it.
   *
   * @param {InboxEntry} entry
   * @param {import("./entry.js").EntryVerb} verb
   */
  targets(entry, verb) {
    if (!this.picked.has(entry.id)) return [entry]
    const ticked = this.shown().filter(({ id }) => this.picked.has(id))
    return ticked.filter(other => actionsOf(other, this.data.canEdit).some(option => option.verb === verb))
  }

  /**
   * Takes the entries off the list at once, then does it; they are back when it is refused.
   *
   * @param {InboxEntry[]} entries
   * @param {() => Promise<Done>} run
   */
  async actOnAll(entries, run) {
    const before = this.shown()
    for (const { id } of entries) {
      this.acting.add(id)
      this.picked.delete(id)
    }
    this.selected = selectedAfter(before, this.shown(), this.selected)
    this.draw()
    try {
      const { said, undo } = await run()
      this.undoable = undo
      this.toast.say(said, Boolean(undo))
    } catch (error) {
      this.selected = entries[0].id
      this.toast.warn(messageOf(error))
    }
    await this.settle(entries)
  }

  async undo() {
    const undo = this.undoable
    this.undoable = undefined
    if (!undo) return
    try {
      await callIn(this.data.workspace)(undo.path, undo.body)
      this.toast.say(tr("Undone."), false)
    } catch (error) {
      this.toast.warn(messageOf(error))
    }
    await this.read()
  }

  /** Reads anew, then shows again what is still there. @param {InboxEntry[]} entries */
  async settle(entries) {
    await this.read()
    for (const { id } of entries) this.acting.delete(id)
    this.draw()
  }
}

export default mountable((root, /** @type {ComponentRun<InboxListData>} */ { data }) => new InboxList(root, data))
