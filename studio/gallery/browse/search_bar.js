import { button, el, setIfChanged } from "../../ui/shared/dom.js"
import { tr, trLazy } from "../../ui/shared/words.js"
import { select, wordedOptions } from "./fields.js"
import { buildFilterPanel } from "./filter_panel.js"
import { buildMorePanel } from "./more_panel.js"
import { countPanelFilters } from "./query.js"

/** @import { PictureBrowser } from "./browse.js" */
/** @import { Option } from "./fields.js" */
/** @import { GalleryQuery } from "./query.js" */

/** A search begins when nothing was typed for as long. */
const TYPING_PAUSE_MS = 250

/** @type {Option[]} */
const RATINGS = [
  ["0", trLazy("Any rating")],
  ["5", "★★★★★"],
  ["4", trLazy("★★★★ and up")],
  ["3", trLazy("★★★ and up")],
  ["2", trLazy("★★ and up")],
  ["1", trLazy("★ and up")],
]

const TERMS = [
  "seed:123",
  "model:starter",
  "lora:bella-v1",
  'influencer:"Bella"',
  'board:"Summer"',
  "rating:>=4",
  "from:2026-11-01",
  "until:2026-11-30",
  "size:portrait",
  "is:favourite",
].join("  ")

/** What the search understands. */
const helpText = () => tr('Words of the prompt, or terms: {terms}  -without  "exact words"', { terms: TERMS })

/** Above the grid: the search, the filters, and what is needed seldom. */
export class SearchBar {
  /** @param {PictureBrowser} browser */
  constructor(browser) {
    this.browser = browser
    this.node = el("div", "row bar-row")
    this.search = el("input", "grow search")
    this.rating = select(tr("Rating"), wordedOptions(RATINGS), value => browser.filter({ rating: Number(value) }))
    this.heart = button("♥", () => browser.filter({ favourite: !browser.list.query.favourite }), "toggle")
    this.filters = button(tr("Filters"), () => browser.popup.toggle(this.filters, () => buildFilterPanel(browser)))
    this.more = button("⋯", () => browser.popup.toggle(this.more, () => buildMorePanel(browser)), "quiet")
    /** @type {number | undefined} */
    this.timer = undefined
    this.build()
  }

  build() {
    const { search } = this
    search.type = "search"
    search.placeholder = this.browser.data.board
      ? tr("Search on this board")
      : tr("Search prompts, or seed: lora: rating: …")
    search.title = helpText()
    search.setAttribute("aria-label", tr("Search"))
    search.oninput = () => {
      clearTimeout(this.timer)
      this.timer = window.setTimeout(() => this.submit(), TYPING_PAUSE_MS)
    }
    search.onkeydown = event => this.onKey(event)
    this.heart.title = tr("Favourites only")
    this.heart.setAttribute("aria-label", tr("Favourites only"))
    this.more.setAttribute("aria-label", tr("More"))
    this.node.append(search, this.rating, this.heart, this.filters, this.more)
  }

  submit() {
    this.browser.filter({ q: this.search.value.trim() })
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    event.stopPropagation()
    if (event.key === "Enter") {
      clearTimeout(this.timer)
      this.submit()
    } else if (event.key === "ArrowDown") this.browser.focusOn(0)
  }

  /** @param {GalleryQuery} query */
  show(query) {
    this.search.value = query.q
    this.rating.value = String(query.rating)
    this.heart.classList.toggle("lit", query.favourite)
    const count = countPanelFilters(query)
    setIfChanged(this.filters, "textContent", count ? tr("Filters · {n}", { n: count }) : tr("Filters"))
    this.filters.classList.toggle("lit", count > 0)
  }
}
