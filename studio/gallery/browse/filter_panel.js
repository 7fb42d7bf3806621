import { button, el } from "../../ui/shared/dom.js"
import { tr, trLazy } from "../../ui/shared/words.js"
import { field, fillSelect, select, wordedOptions } from "./fields.js"

/** @import { PictureBrowser } from "./browse.js" */
/** @import { Option } from "./fields.js" */
/** @import { GalleryQuery } from "./query.js" */

/** @type {Option[]} */
const ALL = [["", trLazy("All")]]
/** @type {Option[]} */
const SHAPES = [
  ["", trLazy("Any")],
  ["square", trLazy("Square")],
  ["portrait", trLazy("Portrait")],
  ["landscape", trLazy("Landscape")],
]
/** @type {Option[]} */
const SOURCES = [
  ["", trLazy("All")],
  ["made", trLazy("Made here")],
  ["imported", trLazy("Imported")],
]
/** @type {Option[]} */
const ORDERS = [
  ["newest", trLazy("Newest first")],
  ["oldest", trLazy("Oldest first")],
  ["best", trLazy("Best rated first")],
]
/** @type {Option} */
const BOARD_ORDER = ["board", trLazy("As arranged")]

/** @typedef {"influencer" | "lora" | "size" | "source" | "from" | "until" | "order"} TextFilter */

/**
 * @param {PictureBrowser} browser
 * @returns {HTMLElement[]}
 */
export const buildFilterPanel = browser => {
  const influencer = select(tr("Influencer"), wordedOptions(ALL), value => browser.filter({ influencer: value }))
  const lora = select(tr("LoRA"), wordedOptions(ALL), value => browser.filter({ lora: value }))
  browser.list
    .ask("/api/pictures/facets")
    .then(found => {
      fillSelect(influencer, [...wordedOptions(ALL), ...found.influencers], browser.list.query.influencer)
      fillSelect(lora, [...wordedOptions(ALL), ...found.loras], browser.list.query.lora)
    })
    .catch(error => browser.report(error))
  const box = el("div", "fields")
  box.append(
    field(tr("Influencer"), influencer),
    field(tr("LoRA"), lora),
    choice(browser, "size", tr("Shape"), SHAPES),
    choice(browser, "source", tr("Source"), SOURCES),
    day(browser, "from", tr("From")),
    day(browser, "until", tr("Until")),
    choice(browser, "order", tr("Order"), browser.data.board ? [BOARD_ORDER, ...ORDERS] : ORDERS),
  )
  const clear = () => {
    browser.popup.close()
    browser.clearFilters()
  }
  return [box, button(tr("Clear filters"), clear, "quiet")]
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
  const node = select(label, wordedOptions(options), value => browser.filter(change(name, value)))
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
