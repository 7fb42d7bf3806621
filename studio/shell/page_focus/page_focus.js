import { mountable } from "../../ui/shared/mount.js"

/**
 * What `studio.shell.page_focus.page_focus` sends.
 *
 * `narrow`: px, below which the menu covers the page.
 *
 * @typedef {{ page: string, title: string, narrow: number }} PageFocusData
 */

const LINKS = ".st-key-menu a, .st-key-section-tabs a"
const CURRENT = ".st-key-menu-current a, .st-key-section-tab-current a"
const TABS = ".st-key-section-tabs"
const LEFT_BY = "[data-testid=stSidebar], .st-key-section-tabs, .st-key-top-bar, [data-testid=stPopoverBody]"
const HEADING = "[data-testid=stMain] .st-key-top-bar h1"
const MARK_AFTER_MS = 100

class PageFocus {
  constructor() {
    /** @type {PageFocusData | null} */
    this.data = null
    /** Of the page that was chosen, until it has the focus. */
    this.awaited = ""
    this.timer = 0
    this.changes = new MutationObserver(() => {
      this.timer ||= window.setTimeout(() => this.look(), MARK_AFTER_MS)
    })
    this.changes.observe(document.body, {
      childList: true,
      subtree: true,
      attributes: true,
      attributeFilter: ["class"],
    })
  }

  /** @param {ComponentRun<PageFocusData>} run */
  update({ data }) {
    if (this.data && this.data.page !== data.page) {
      this.awaited = data.title
      if (window.innerWidth < data.narrow) fold()
    }
    this.data = data
    this.look()
  }

  close() {
    this.changes.disconnect()
    clearTimeout(this.timer)
  }

  look() {
    this.timer = 0
    markLinks()
    if (this.awaited) this.focusHeading()
  }

  /** The next Tab goes on from there, and a screen reader reads it. Whoever is somewhere else already stays there. */
  focusHeading() {
    const heading = /** @type {HTMLElement | null} */ (document.querySelector(HEADING))
    if (heading?.textContent?.trim() !== this.awaited) return
    this.awaited = ""
    const current = document.activeElement
    if (current && current !== document.body && !current.closest(LEFT_BY)) return
    heading.tabIndex = -1
    heading.focus({ preventScroll: true })
  }
}

/** `st.page_link` sets no `aria-current`; links are drawn anew whenever a page runs. */
const markLinks = () => {
  for (const link of document.querySelectorAll(LINKS)) {
    if (!link.matches(CURRENT)) link.removeAttribute("aria-current")
    else if (!link.hasAttribute("aria-current")) {
      link.setAttribute("aria-current", "page")
      showTab(link)
    }
  }
}

/** On a phone the tabs are a row that scrolls: the current one to its middle. @param {Element} link */
const showTab = link => {
  const row = link.closest(TABS)
  if (!row) return
  const [tab, all] = [link.getBoundingClientRect(), row.getBoundingClientRect()]
  row.scrollLeft += tab.left + tab.width / 2 - (all.left + all.width / 2)
}

/** On a phone the menu covers the page, so it folds once another page was chosen, as Streamlit's own menu does. */
const fold = () => {
  const button = document.querySelector("[data-testid=stSidebarCollapseButton] button")
  if (button instanceof HTMLElement) button.click()
}

export default mountable(() => new PageFocus())
