import { LiveJobCard } from "../../ui/live_jobs/job_card.js"
import { api, send } from "../../ui/shared/api.js"
import { button, el, placeChild, removeOthers, setIfChanged } from "../../ui/shared/dom.js"
import { followChanges } from "../../ui/shared/live_changes.js"
import { canShareStream, followStream } from "../../ui/shared/live_events.js"
import { mountable } from "../../ui/shared/mount.js"
import { hasEnded, poll } from "../../ui/shared/polling.js"
import { stopStrayClicks } from "../../ui/shared/second_click.js"
import { tr } from "../../ui/shared/words.js"
import { badgeText, countRunning, endText, isAnnounced } from "./announced.js"
import { PhoneBar } from "./phone_bar.js"
import { undoToasts } from "./undo_toasts.js"

/** @import { LiveJob } from "../../ui/live_jobs/job_text.js" */
/** @import { BarLink } from "./phone_bar.js" */
/** @import { UndoOffer } from "../../ui/shared/undo_offer.js" */

/**
 * What `studio.shell.status_badges.status_badges` sends.
 *
 * @typedef {object} StatusBadgesData
 * @property {string} workspace
 * @property {string} userId
 * @property {string} influencerId "" for all
 * @property {boolean} canEdit
 * @property {string} current the page that is shown
 * @property {Record<string, string>} pages kind of job -> page of what it made
 * @property {string} section the one of the page that is shown
 * @property {BarLink[]} places of the bar on phones
 * @property {BarLink[]} creations
 * @property {UndoOffer[]} offers what was just done and can be undone
 */

/** What can change the number of the inbox. */
const COUNTED = ["plan", "post", "picture", "job", "channel", "workspace", "influencer", "budget", "notice"]
const WITHOUT_STREAM_MS = 20_000
const TOAST_MS = 8000
const FAILURE_TOAST_MS = 20_000
const MOST_TOASTS = 3
const ACTIVITY_ICON = "M13 2 4 14h6l-1 8 9-12h-6z"
const INBOX_ICON = "M5 3h14a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zm0 2v9h4a3 3 0 0 0 6 0h4V5z"

class StatusBadges {
  /** @param {HTMLElement} root @param {StatusBadgesData} data */
  constructor(root, data) {
    this.data = data
    /** @type {LiveJob[]} */
    this.jobs = []
    /** @type {Map<string, LiveJobCard>} */
    this.cards = new Map()
    /** Jobs that are being asked about, or were announced. @type {Set<string>} */
    this.announcedIds = new Set()
    /** Ended while nobody could see the page. @type {LiveJob[]} */
    this.untold = []
    this.followed = ""
    /** @type {(() => void)[]} */
    this.stops = []
    /** @type {ComponentRun<StatusBadgesData>["setTriggerValue"]} */
    this.setTriggerValue = () => {}
    this.activity = this.buildBadge(tr("Activity"), ACTIVITY_ICON, () => this.toggle())
    this.inbox = this.buildBadge(tr("Inbox"), INBOX_ICON, () => this.open({ noun: "inbox", id: "" }))
    this.inbox.node.classList.add("inbox")
    this.bar = new PhoneBar(file => this.open({ noun: "page", id: file }))
    this.panel = el("div", "panel gone")
    this.list = el("div", "jobs")
    this.nothing = el("p", "muted", tr("Nothing is running."))
    this.panel.append(
      el("strong", "", tr("Activity")),
      this.list,
      this.nothing,
      button(tr("All activity"), () => this.open({ noun: "jobs", id: "" })),
    )
    this.toasts = el("div", "toasts")
    this.toasts.setAttribute("role", "status")
    this.undoToasts = undoToasts()
    const corner = el("div", "corner")
    corner.append(this.toasts, this.undoToasts.node)
    root.replaceChildren(this.activity.node, this.inbox.node, this.panel, corner, this.bar.node, this.bar.sheet)
    this.root = root
    /** @param {Event} event */
    this.onOutside = event => {
      if (!event.composedPath().includes(root)) this.panel.classList.add("gone")
    }
    this.onSeen = () => this.tellPending()
    this.listening = new AbortController()
    stopStrayClicks(this.listening.signal)
    document.addEventListener("pointerdown", this.onOutside)
    document.addEventListener("visibilitychange", this.onSeen)
    root.onkeydown = event => {
      if (event.key === "Escape") this.panel.classList.add("gone")
    }
  }

  /**
   * @param {string} label
   * @param {string} path of the icon
   * @param {() => void} onClick
   */
  buildBadge(label, path, onClick) {
    const node = button("", onClick, "badge-button")
    const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg")
    icon.setAttribute("viewBox", "0 0 24 24")
    icon.setAttribute("aria-hidden", "true")
    const shape = document.createElementNS("http://www.w3.org/2000/svg", "path")
    shape.setAttribute("d", path)
    icon.append(shape)
    const number = el("span", "number gone")
    node.append(icon, number)
    node.title = label
    node.setAttribute("aria-label", label)
    return { node, number, label }
  }

  /** @param {{ node: HTMLElement, number: HTMLElement, label: string }} badge @param {number} n */
  drawBadge({ node, number, label }, n) {
    setIfChanged(number, "textContent", badgeText(n))
    number.classList.toggle("gone", !n)
    node.setAttribute("aria-label", n ? `${label}, ${n}` : label)
  }

  /** @param {ComponentRun<StatusBadgesData>} run */
  update({ data, setTriggerValue }) {
    this.data = data
    this.setTriggerValue = setTriggerValue
    this.bar.draw(data)
    this.undoToasts.follow(data.workspace)
    this.undoToasts.onUndone = id => setTriggerValue("undone", { id, at: Date.now() })
    for (const offer of data.offers) this.undoToasts.offer(offer)
    const followed = `${data.workspace} ${data.influencerId}`
    if (followed === this.followed) return
    this.stop()
    this.followed = followed
    this.drawInbox(Number(sessionStorage.getItem(this.memory()) ?? 0))
    this.readCounts()
    this.stops = canShareStream()
      ? [
          followStream(data.workspace, news => this.hear(news)),
          followChanges(data.workspace, COUNTED, () => this.readCounts()),
        ]
      : [poll(() => this.readJobs(), WITHOUT_STREAM_MS), poll(() => this.readCounts(), WITHOUT_STREAM_MS)]
  }

  close() {
    this.stop()
    this.bar.close()
    this.listening.abort()
    document.removeEventListener("pointerdown", this.onOutside)
    document.removeEventListener("visibilitychange", this.onSeen)
  }

  stop() {
    for (const stop of this.stops) stop()
    this.stops = []
  }

  /** Where this tab keeps the number, so that it is there when the next page opens. */
  memory() {
    return `studio-inbox:${this.followed}`
  }

  async readCounts() {
    const { workspace, influencerId } = this.data
    const query = new URLSearchParams([
      ["workspace", workspace],
      ["influencer", influencerId],
    ])
    const counts = await api(`/api/inbox/counts?${query}`).catch(() => null)
    if (!counts) return
    sessionStorage.setItem(this.memory(), counts.total)
    this.drawInbox(counts.total)
  }

  /** @param {number} n */
  drawInbox(n) {
    this.drawBadge(this.inbox, n)
    this.bar.drawNumber(n)
  }

  async readJobs() {
    const query = new URLSearchParams([["workspace", this.data.workspace]])
    const answer = await api(`/api/jobs/live?${query}`)
    this.take(answer.data)
  }

  /** @param {import("../../ui/shared/live_events.js").StreamNews} news */
  hear({ jobs, event }) {
    if (jobs) this.take(jobs)
    if (event?.noun === "job" && (event.kind === "job.completed" || event.kind === "job.failed"))
      this.ask([event.nounId])
  }

  /** @param {LiveJob[]} jobs */
  take(jobs) {
    if (!canShareStream()) {
      const left = new Set(jobs.map(({ id }) => id))
      this.ask(this.jobs.map(({ id }) => id).filter(id => !left.has(id)))
    }
    this.jobs = jobs
    this.drawBadge(this.activity, countRunning(jobs))
    this.drawPanel()
  }

  /** Asks how jobs have ended, and tells it. @param {string[]} ids */
  async ask(ids) {
    const asked = ids.filter(id => !this.announcedIds.has(id))
    if (!asked.length) return
    for (const id of asked) this.announcedIds.add(id)
    const query = new URLSearchParams([["workspace", this.data.workspace], ...asked.map(id => ["id", id])])
    const answer = await api(`/api/jobs/live?${query}`).catch(() => ({ data: [] }))
    for (const job of answer.data) if (hasEnded(job.state) && isAnnounced(job, this.data)) this.untold.push(job)
    this.tellPending()
  }

  tellPending() {
    if (document.hidden) return
    for (const job of this.untold.splice(0)) this.tell(job)
  }

  /** @param {LiveJob} job */
  tell(job) {
    const isFailure = job.status === "failed"
    const node = el("div", `toast row ${isFailure ? "failed" : ""}`)
    const words = el("span", "grow words")
    words.append(el("strong", "", endText(job)), el("span", "cut", job.title))
    if (isFailure && job.error) words.append(el("span", "why muted", job.error))
    const close = button("×", () => node.remove(), "quiet")
    close.setAttribute("aria-label", tr("Close"))
    const view = button(tr("Show"), () => {
      node.remove()
      this.open({ noun: isFailure ? "job" : job.type, id: isFailure ? job.id : (job.subjectId ?? ""), jobId: job.id })
    })
    node.append(words, view, close)
    this.toasts.append(node)
    while (this.toasts.children.length > MOST_TOASTS) this.toasts.firstElementChild?.remove()
    window.setTimeout(() => node.remove(), isFailure ? FAILURE_TOAST_MS : TOAST_MS)
  }

  toggle() {
    this.panel.classList.toggle("gone")
    this.drawPanel()
  }

  drawPanel() {
    if (this.panel.classList.contains("gone")) return
    const jobs = this.jobs.filter(({ parentId, type }) => !parentId && type !== "upkeep").slice(0, 8)
    removeOthers(this.cards, new Set(jobs.map(({ id }) => id)))
    for (const [place, job] of jobs.entries()) {
      const card = this.cardOf(job.id)
      placeChild(this.list, card.node, place)
      card.draw(job, { canEdit: this.data.canEdit, openLabel: tr("Details") })
    }
    this.nothing.classList.toggle("gone", jobs.length > 0)
  }

  /** @param {string} id */
  cardOf(id) {
    const { workspace } = this.data
    const path = `/api/jobs/${encodeURIComponent(id)}`
    const card =
      this.cards.get(id) ??
      new LiveJobCard({
        onAct: verb =>
          send(`${path}/${verb}?workspace=${encodeURIComponent(workspace)}`, {}, workspace).catch(() => {}),
        onOpen: () => this.open({ noun: "job", id }),
      })
    this.cards.set(id, card)
    return card
  }

  /** @param {{ noun: string, id: string, jobId?: string }} target */
  open(target) {
    this.panel.classList.add("gone")
    this.setTriggerValue("opened", { jobId: "", ...target, at: Date.now() })
  }
}

export default mountable((root, /** @type {ComponentRun<StatusBadgesData>} */ { data }) => new StatusBadges(root, data))
