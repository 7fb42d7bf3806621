import { followStream } from "./live_events.js"

/** @import { StreamNews } from "./live_events.js" */

/** Changes that come close together are one. */
const GATHER_MS = 150
/** No more than one call in this time. */
const AT_MOST_EVERY_MS = 1000
/** How often it is looked whether a page that was busy is free again. */
const LOOK_AGAIN_MS = 400
/** A run that a component has caused begins within this time. */
const RUN_BEGINS_MS = 300

/**
 * The nouns that something happened to. A picture that a running job has just drawn is told by its progress.
 *
 * @param {StreamNews} news
 * @param {Map<string, number>} progress job id -> done, as it was known; is brought up to date
 * @returns {string[]} "*": anything may have changed
 */
export const changedNouns = (news, progress) => {
  if (news.missed) return ["*"]
  if (news.event) return [news.event.noun]
  let drawn = false
  for (const job of news.jobs ?? []) {
    drawn ||= job.subjectNoun === "generation" && job.done > (progress.get(job.id) ?? 0)
    progress.set(job.id, job.done)
  }
  return drawn ? ["picture"] : []
}

/**
 * Calls `onChange` when something happened to one of `nouns`: once for what comes together, at most once a second,
 * and only while somebody can see the page and `isFree()`. Returns a stopper.
 *
 * @param {string} workspace
 * @param {string[]} nouns
 * @param {() => void} onChange
 * @param {{ isFree?: () => boolean, isKnown?: (event: import("./live_events.js").StudioEvent) => boolean }} [options]
 */
export const followChanges = (workspace, nouns, onChange, { isFree = () => true, isKnown = () => false } = {}) => {
  /** @type {number | undefined} */
  let timer
  let calledAt = 0
  let waits = false
  /** @type {Map<string, number>} */
  const progress = new Map()
  const call = () => {
    timer = undefined
    if (document.hidden) return
    if (!isFree()) {
      timer = window.setTimeout(call, LOOK_AGAIN_MS)
      return
    }
    waits = false
    calledAt = Date.now()
    onChange()
  }
  const plan = () => {
    if (!waits || timer !== undefined) return
    timer = window.setTimeout(call, Math.max(GATHER_MS, calledAt + AT_MOST_EVERY_MS - Date.now()))
  }
  const stop = followStream(workspace, news => {
    const changed = changedNouns(news, progress).filter(noun => noun === "*" || nouns.includes(noun))
    if (!changed.length || (news.event && isKnown(news.event))) return
    waits = true
    plan()
  })
  document.addEventListener("visibilitychange", plan)
  return () => {
    stop()
    clearTimeout(timer)
    waits = false
    document.removeEventListener("visibilitychange", plan)
  }
}

/** What is open over the page, or typed into: a run of the page would close it, or take the words away. */
const OPEN_OVER = "[role=dialog], [role=listbox], [role=menu], [data-testid=stPopoverBody]"

/** Whether a page may run again and disturb nobody: it does not run, nobody types, and nothing is open over it. */
export const isPageFree = () => !(isRunning() || isTyping() || isUnderDialog() || document.querySelector(OPEN_OVER))

/** Whether the page's script runs or is about to: a run that another one interrupts loses what was pressed for it. */
const isRunning = () =>
  Date.now() - (window.__studioSentAt ?? 0) < RUN_BEGINS_MS ||
  Boolean(document.querySelector("[data-test-script-state=running], [data-test-script-state=rerunRequested]"))

/**
 * Calls `call` once the page's script does not run.
 *
 * @param {() => void} call
 */
export const whenNotRunning = call => {
  if (isRunning()) setTimeout(() => whenNotRunning(call), LOOK_AGAIN_MS)
  else call()
}

/** Whether a dialog is open over the page, also one of a component: keys and changes are not the page's then. */
export const isUnderDialog = () =>
  Boolean(document.querySelector("[role=dialog]")) ||
  [...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")].some(host =>
    host.shadowRoot?.querySelector("dialog[open]"),
  )

/** Whether the focus is in a field, also in one of a component. */
export const isTyping = () => {
  let focused = document.activeElement
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement
  if (!(focused instanceof HTMLElement)) return false
  return (
    focused.isContentEditable ||
    focused.matches("input:not([type=checkbox], [type=radio], [type=button]), textarea, select")
  )
}
