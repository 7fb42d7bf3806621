import { api, messageOf, send } from "../../ui/shared/api.js"
import { button, el, focusedNear } from "../../ui/shared/dom.js"
import { tr, trLazy } from "../../ui/shared/words.js"
import { tellDone } from "./actions.js"
import { colorOf } from "./colors.js"
import { campaignName, FACE_BELOW, influencerName, spokenText, timeOf } from "./entry.js"
import { buildMark, buildMenuButton, buildPicture } from "./entry_view.js"
import { asDate, dateLocale } from "./wall_time.js"

/** @import { CalendarEntry } from "./entry.js" */
/** @import { CalendarView } from "./calendar.js" */

/** @typedef {"draft" | "review" | "scheduled"} TargetStage */

/** `targets`: the stages it can be moved to. @typedef {CalendarEntry & { targets: TargetStage[] }} BoardEntry */

/** @typedef {{ stage: string, label: string, data: BoardEntry[], more: boolean }} BoardColumn */

const DAY = /** @type {const} */ ({ weekday: "short", day: "numeric", month: "short", timeZone: "UTC" })
/** States that are a column's usual one, so that its cards need not name them. */
const USUAL = new Set(["draft", "in_review", "scheduled", "published"])
/** @type {Record<string, [columns: number, cards: number]>} */
const CARD_STEPS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }
/** As backend/content_plans/board.py names them. @type {Record<string, string>} */
const STAGE_LABELS = {
  attention: trLazy("Needs fixing"),
  draft: trLazy("Draft"),
  review: trLazy("In review"),
  scheduled: trLazy("Scheduled"),
  published: trLazy("Published"),
}
/** @type {Record<string, string>} */
const HINTS = {
  draft: trLazy("Ideas and drafts go here."),
  review: trLazy("Nothing waits for approval."),
  scheduled: trLazy("Nothing is scheduled."),
  published: trLazy("Nothing is published yet."),
}

/** Posts in columns by stage; dragged, or moved by their menu, from one to another. */
export class Board {
  /** @param {CalendarView} view */
  constructor(view) {
    this.view = view
    this.node = el("div", "board gone")
    /** @type {BoardColumn[]} */
    this.columns = []
    this.answer = ""
    /** @type {BoardEntry | null} */
    this.dragged = null
    /** How many moves are on their way. */
    this.moving = 0
    this.node.onkeydown = event => this.onKey(event)
  }

  /** Reads and, if anything has changed, draws. */
  async read() {
    if (this.dragged) return
    const { workspace, zone } = this.view.data
    const { status: _, ...filters } = this.view.filters
    const query = new URLSearchParams({ workspace, zone, ...filters })
    const answer = await api(`/api/content-plans/board?${query}`)
    await this.view.press.released()
    const text = JSON.stringify([answer, this.view.labels])
    if (text === this.answer || this.dragged || this.moving) return
    this.answer = text
    this.columns = answer.columns
    this.view.setEntries(this.columns.flatMap(column => column.data))
    this.draw()
  }

  draw() {
    const focused = focusedNear(this.node)?.closest("[data-spot]")?.getAttribute("data-spot")
    const shown = this.columns.filter(({ stage, data }) => stage !== "attention" || data.length > 0)
    this.node.style.setProperty("--columns", String(shown.length))
    this.node.replaceChildren(...shown.map(column => this.buildColumn(column)))
    if (focused) this.cardOf(focused)?.focus()
  }

  /** @param {BoardColumn} column */
  buildColumn(column) {
    const node = el("section", `column ${column.stage}`)
    node.dataset.stage = column.stage
    const count = `${column.data.length}${column.more ? "+" : ""}`
    const head = el("h3", "", tr(STAGE_LABELS[column.stage] ?? column.label))
    head.append(el("span", "muted count", count))
    const list = el("div", "cards")
    list.append(...column.data.map(entry => this.buildCard(entry)))
    const hint = HINTS[column.stage]
    if (!column.data.length && hint) list.append(el("p", "muted none", tr(hint)))
    if (column.more) list.append(button(tr("Show as a list"), () => this.view.show("list"), "quiet"))
    node.append(head, list)
    const stage = /** @type {TargetStage} */ (column.stage)
    node.ondragover = event => {
      if (!this.dragged?.targets.includes(stage)) return
      event.preventDefault()
      node.classList.add("over")
    }
    node.ondragleave = event => {
      if (!node.contains(/** @type {Node | null} */ (event.relatedTarget))) node.classList.remove("over")
    }
    node.ondrop = event => {
      event.preventDefault()
      const { dragged } = this
      this.endDrag()
      if (dragged) this.move(dragged, stage)
    }
    return node
  }

  /** @param {BoardEntry} entry */
  buildCard(entry) {
    const { view } = this
    const card = el("div", "card")
    card.dataset.spot = entry.id
    card.tabIndex = 0
    card.setAttribute("role", "button")
    card.setAttribute("aria-label", spokenText(view.labels, entry))
    card.style.setProperty("--spot", colorOf(view.labels, entry))
    const text = el("div", "text")
    text.append(el("div", "title", entry.title), el("div", "muted when", whenOf(entry)), this.buildLine(entry))
    card.append(buildPicture(view.data.workspace, entry.assetId), text)
    if (view.data.canEdit) card.append(buildMenuButton(view, entry))
    card.onclick = () => view.open(entry.id)
    if (view.data.canEdit && entry.targets.length) this.makeDraggable(card, entry)
    return card
  }

  /** @param {BoardEntry} entry */
  buildLine(entry) {
    const { labels, data } = this.view
    const line = el("div", "line row")
    if (!USUAL.has(entry.state)) line.append(el("span", `state ${entry.state}`, labels.states[entry.state]))
    const name = data.influencer ? "" : influencerName(labels, entry)
    const platforms = [...new Set(entry.platforms)].map(platform => labels.platforms[platform])
    const where = [name, platforms.join(", ")].filter(Boolean).join(" · ")
    line.append(el("span", "muted cut", where))
    if (entry.clash) line.append(buildMark("clash", "!", entry.clash))
    if (entry.faceBelow) line.append(buildMark("face", tr("face"), tr(FACE_BELOW)))
    const campaign = campaignName(labels, entry)
    if (campaign) line.append(el("span", "campaign cut", campaign))
    return line
  }

  /**
   * @param {HTMLElement} card
   * @param {BoardEntry} entry
   */
  makeDraggable(card, entry) {
    card.draggable = true
    card.ondragstart = event => {
      this.dragged = entry
      event.dataTransfer?.setData("text/plain", entry.title)
      if (event.dataTransfer) event.dataTransfer.effectAllowed = "move"
      // After the browser has taken its picture of the card.
      requestAnimationFrame(() => {
        card.classList.add("dragged")
        for (const column of this.node.querySelectorAll(".column")) {
          const stage = /** @type {HTMLElement} */ (column).dataset.stage
          column.classList.add(entry.targets.some(target => target === stage) ? "target" : "closed")
        }
      })
    }
    card.ondragend = () => this.endDrag()
  }

  endDrag() {
    this.dragged = null
    for (const node of this.node.querySelectorAll(".column, .card")) {
      node.classList.remove("target", "closed", "over", "dragged")
    }
  }

  /**
   * What moving it to a stage is called.
   *
   * @param {BoardEntry} entry
   * @param {TargetStage} stage
   */
  verbOf(entry, stage) {
    if (stage === "scheduled") return entry.state === "in_review" ? tr("Approve and schedule") : tr("Schedule")
    return stage === "draft" ? tr("Back to draft") : tr("Send for review")
  }

  /**
   * The card stands in its new column at once, and goes back if that is refused.
   *
   * @param {BoardEntry} entry
   * @param {TargetStage} stage
   */
  async move(entry, stage) {
    const { view } = this
    for (const column of this.columns) {
      column.data = column.data.filter(({ id }) => id !== entry.id)
      if (column.stage === stage) column.data.unshift(entry)
    }
    this.draw()
    this.cardOf(entry.id)?.classList.add("moving")
    this.moving += 1
    try {
      const body = { stage, version: entry.version }
      const answer = await send(`/api/content-plans/${entry.id}/stage`, body, view.data.workspace)
      tellDone(view, answer.undoId, [answer.said, answer.note])
    } catch (error) {
      view.notice.warn(messageOf(error))
    }
    this.moving -= 1
    this.answer = ""
    await this.read().catch(error => view.notice.warn(messageOf(error)))
  }

  /**
   * @param {string} id
   * @returns {HTMLElement | null}
   */
  cardOf(id) {
    return this.node.querySelector(`.card[data-spot="${CSS.escape(id)}"]`)
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const step = CARD_STEPS[event.key]
    const here = focusedNear(this.node)
    if (!step || !here?.classList.contains("card")) return
    event.preventDefault()
    event.stopPropagation()
    const columns = [...this.node.querySelectorAll(".column")].map(column => [...column.querySelectorAll(".card")])
    const at = columns.findIndex(cards => cards.includes(here))
    const place = columns[at].indexOf(here)
    let next = at
    do next += step[0]
    while (step[0] && columns[next] && !columns[next].length)
    const cards = columns[next]
    const card = cards?.[Math.min(place + step[1], cards.length - 1)]
    if (card instanceof HTMLElement) card.focus()
  }
}

/** @param {CalendarEntry} entry */
const whenOf = ({ wall }) =>
  wall ? `${asDate(wall).toLocaleDateString(dateLocale(), DAY)}, ${timeOf(wall)}` : tr("No date")
