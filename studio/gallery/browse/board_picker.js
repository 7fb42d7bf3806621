import { messageOf, send } from "../../ui/shared/api.js"
import { button, el } from "../../ui/shared/dom.js"
import { tr } from "../../ui/shared/words.js"

/** @import { PictureBrowser } from "./browse.js" */

/** @typedef {{ id: string, name: string, count: number, more: boolean }} BoardRow */

/**
 * A list of the boards, and a field for a new one. `onPick` gets the id of a board.
 *
 * @param {PictureBrowser} browser
 * @param {BoardRow[]} boards
 * @param {(id: string) => void} onPick
 * @returns {HTMLElement[]}
 */
export const buildBoardPicker = (browser, boards, onPick) => {
  const { workspace, board: current } = browser.data
  const list = el("div", "list")
  const name = el("input", "grow")
  const row = el("div", "row")
  const error = el("span", "bad")
  for (const board of boards) {
    if (board.id === current) continue
    list.append(button(`${board.name} · ${board.count}${board.more ? "+" : ""}`, () => onPick(board.id), "quiet"))
  }
  const create = async () => {
    try {
      onPick((await send("/api/boards", { name: name.value }, workspace)).id)
    } catch (reason) {
      error.textContent = messageOf(reason)
    }
  }
  name.placeholder = tr("New board")
  name.setAttribute("aria-label", tr("Name of the new board"))
  name.onkeydown = event => {
    if (event.key === "Enter") create()
  }
  row.append(name, button(tr("Create"), create))
  return [list, row, error]
}
