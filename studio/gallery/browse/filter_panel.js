import { button, el } from "../../ui/shared/dom.js"
import { field, fillSelect, select } from "./fields.js"

/** @import { PictureBrowser } from "./browse.js" */
/** @import { Option } from "./fields.js" */
/** @import { GalleryQuery } from "./query.js" */

/** @type {Option[]} */
const ALL = [["", "All"]]
/** @type {Option[]} */
const SHAPES = [
  ["", "Any"],
  ["square", "Square"],
  ["portrait", "Portrait"],
  ["landscape", "Landscape"],
]
/** @type {Option[]} */
const SOURCES = [
  ["", "All"],
  ["made", "Made here"],
  ["imported", "Imported"],
]
/** @type {Option[]} */
const ORDERS = [
  ["newest", "Newest first"],
  ["oldest", "Oldest first"],
  ["best", "Best rated first"],
]
/** @type {Option} */
const BOARD_ORDER = ["board", "As arranged"]

/** @typedef {"influencer" | "lora" | "size" | "source" | "from" | "until" | "order"} TextFilter */

/**
 * @param {PictureBrowser} browser
 * @returns {HTMLElement[]}
 */
export const buildFilterPanel = browser => {
  const influencer = select("Influencer", ALL, value => browser.filter({ influencer: value }))
  const lora = select("LoRA", ALL, value => browser.filter({ lora: value }))
  browser.list
    .ask("/api/pictures/facets")
    .then(found => {
      fillSelect(influencer, [...ALL, ...found.influencers], browser.list.query.influencer)
      fillSelect(lora, [...ALL, ...found.loras], browser.list.query.lora)
    })
    .catch(error => browser.report(error))
  const box = el("div", "fields")
  box.append(
    field("Influencer", influencer),
    field("LoRA", lora),
    choice(browser, "size", "Shape", SHAPES),
    choice(browser, "source", "Source", SOURCES),
    day(browser, "from", "From"),
    day(browser, "until", "Until"),
    choice(browser, "order", "Order", browser.data.board ? [BOARD_ORDER, ...ORDERS] : ORDERS),
  )
  const clear = () => {
    browser.popup.close()
    browser.clearFilters()
  }
  return [box, button("Clear filters", clear, "quiet")]
}

/**
 * @param {TextFilter} name
 * @param {string} value
 * @returns {Partial<GalleryQuery>}
 */
const change = (name, value) => ({ [name]: value })

/**
 * @param {PictureBrowser} browser
 * @param {TextFilter} name
 * @param {string} label
 * @param {Option[]} options
 */
const choice = (browser, name, label, options) => {
  const node = select(label, options, value => browser.filter(change(name, value)))
  node.value = browser.list.query[name] || ""
  return field(label, node)
}

/**
 * @param {PictureBrowser} browser
 * @param {TextFilter} name
 * @param {string} label
 */
const day = (browser, name, label) => {
  const node = el("input")
  node.type = "date"
  node.value = browser.list.query[name] || ""
  node.onchange = () => browser.filter(change(name, node.value))
  return field(label, node)
}
