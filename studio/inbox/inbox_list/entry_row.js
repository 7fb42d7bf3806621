import { mediaUrl } from "../../ui/shared/api.js"
import { button, el, setIfChanged } from "../../ui/shared/dom.js"
import { percentText } from "../../ui/shared/format.js"
import { readerLocale, tr } from "../../ui/shared/words.js"
import { actionsOf, entryState, wallText } from "./entry.js"

/** @import { EntryAction, InboxEntry } from "./entry.js" */

/** @type {Record<string, string>} */
const ICONS = {
  job: "bolt",
  channel: "cell_tower",
  pause: "pause",
  budget: "payments",
  plan: "edit_calendar",
  picture: "imagesmode",
  notice: "notifications",
}

/**
 * Who and when: "Nina · Tue 24 Nov, 18:00".
 *
 * @param {InboxEntry} entry
 */
export const whenText = ({ influencerName, wall, at }) => {
  const happened = at ? agoText(new Date(at), new Date()) : ""
  const time = wall ? wallText(wall) : happened
  return [influencerName, time].filter(Boolean).join(" · ")
}

/** @param {Date} at @param {Date} now */
const agoText = (at, now) => {
  const minutes = Math.max(0, (now.getTime() - at.getTime()) / 60_000)
  if (minutes < 1) return tr("just now")
  if (minutes < 60) return tr("{n} min ago", { n: Math.floor(minutes) })
  if (minutes < 24 * 60) return tr("{n} h ago", { n: Math.floor(minutes / 60) })
  return at.toLocaleDateString(readerLocale(), { day: "numeric", month: "short" })
}

/**
 * The face match of an entry; null where it was not measured.
 *
 * @param {InboxEntry} entry
 */
export const faceChip = ({ score, threshold, isFaceBelow, accepted }) => {
  if (score === null || threshold === null) return null
  const chip = el(
    "span",
    `chip ${isFaceBelow ? "warn" : "fine"}`,
    tr("Face {percent}", { percent: percentText(score) }),
  )
  chip.title = accepted
    ? tr("Below the threshold, and accepted in the face check")
    : tr("Face match {percent}, needs {least}", { percent: percentText(score), least: percentText(threshold) })
  return chip
}

/** A line of the list: what it is about, its state, and in a short list what can be done. */
export class EntryRow {
  /**
   * @param {object} options
   * @param {(entry: InboxEntry) => void} options.onSelect
   * @param {(entry: InboxEntry, action: EntryAction) => void} [options.onAct] without it the row has no buttons
   * @param {(entry: InboxEntry) => void} [options.onPick] without it the row cannot be ticked
   */
  constructor({ onSelect, onAct, onPick }) {
    this.onAct = onAct
    this.node = el("div", "entry")
    this.select = el("button", "pick")
    this.select.type = "button"
    this.thumb = el("span", "thumb")
    this.title = el("span", "title cut")
    this.line = el("span", "line cut muted")
    this.chips = el("span", "chips")
    this.acts = el("span", "acts")
    const words = el("span", "grow words")
    words.append(this.title, this.line)
    this.select.append(this.thumb, words, this.chips)
    this.tick = el("input", "tick")
    this.tick.type = "checkbox"
    this.tick.classList.toggle("gone", !onPick)
    this.tick.onchange = () => this.entry && onPick?.(this.entry)
    this.node.append(this.tick, this.select, this.acts)
    /** @type {InboxEntry | null} */
    this.entry = null
    this.select.onclick = () => this.entry && onSelect(this.entry)
  }

  /**
   * @param {InboxEntry} entry
   * @param {{ workspace: string, canEdit: boolean, isSelected: boolean, isPicked: boolean }} shown
   */
  draw(entry, { workspace, canEdit, isSelected, isPicked }) {
    this.node.classList.toggle("on", isSelected)
    this.node.classList.toggle("picked", isPicked)
    this.tick.checked = isPicked
    if (isSelected) this.select.setAttribute("aria-current", "true")
    else this.select.removeAttribute("aria-current")
    if (this.entry && JSON.stringify(this.entry) === JSON.stringify(entry)) return
    this.entry = entry
    setIfChanged(this.title, "textContent", entry.title)
    this.tick.setAttribute("aria-label", tr("Select {title}", { title: entry.title }))
    setIfChanged(this.line, "textContent", [whenText(entry), entry.message].filter(Boolean).join(" · "))
    this.node.classList.toggle("read", entry.state === "read")
    this.drawThumb(entry, workspace)
    const late = entry.kind === "approve" && entry.isLate ? el("span", "chip warn", tr("Late")) : null
    const state = el("span", `chip ${entry.kind}`, entryState(entry))
    this.chips.replaceChildren(...[faceChip(entry), late, state].filter(chip => chip !== null))
    if (this.onAct) this.drawActs(entry, canEdit)
  }

  /** @param {InboxEntry} entry @param {string} workspace */
  drawThumb({ assetIds, noun }, workspace) {
    if (!assetIds.length) {
      const symbol = el("span", "symbol")
      symbol.dataset.icon = ICONS[noun]
      this.thumb.replaceChildren(symbol)
      return
    }
    const img = el("img")
    img.src = mediaUrl(workspace, assetIds[0], "?w=160")
    img.alt = ""
    img.loading = "lazy"
    this.thumb.replaceChildren(img)
  }

  /** @param {InboxEntry} entry @param {boolean} canEdit */
  drawActs(entry, canEdit) {
    const direct = actionsOf(entry, canEdit).filter(({ asks }) => !asks)
    const act = this.onAct
    this.acts.replaceChildren(
      ...direct.slice(0, entry.noun === "plan" ? 1 : 2).map(action => {
        const node = button(tr(action.label), () => act?.(entry, action))
        node.setAttribute("aria-label", `${tr(action.label)}: ${entry.title}`)
        return node
      }),
    )
  }
}
