import { button, el } from "../../ui/shared/dom.js"
import { grouped } from "../../ui/shared/format.js"

/**
 * `count` null: not known.
 *
 * @typedef {[key: string, label: string, count: number | null, tone: string]} DatasetFilter
 */

/**
 * The filters to offer: those that leave something, the one that is set, and the one for all.
 *
 * @param {DatasetFilter[]} filters
 * @param {string} current
 */
export const offeredFilters = (filters, current) =>
  filters.filter(([key, , count]) => count !== 0 || key === "" || key === current)

/**
 * @param {DatasetFilter} filter
 * @param {boolean} isOn
 * @param {() => void} onChoose
 */
export const buildChip = ([, label, count, tone], isOn, onChoose) => {
  const chip = button(label, onChoose, `${tone} ${isOn ? "on" : ""}`)
  chip.setAttribute("aria-pressed", String(isOn))
  if (count !== null) chip.append(" ", el("b", "", grouped(count)))
  return chip
}
