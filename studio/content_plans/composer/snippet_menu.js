import { api, messageOf, send } from "../../ui/shared/api.js"
import { button, el } from "../../ui/shared/dom.js"
import { tr } from "../../ui/shared/words.js"
import { internalLink } from "./links.js"
import { menuItem, PopoverButton } from "./popover_menu.js"

/** @import { PostModel } from "./post_model.js" */

/**
 * A hashtag set or a comment template, as the API answers it.
 *
 * @typedef {{ id: string, name: string, hashtags?: string[], text?: string }} Snippet
 */

/**
 * What a menu of one kind does. `body`: of the request that keeps what the field holds; null: it is empty.
 *
 * @typedef {object} SnippetKind
 * @property {string} label
 * @property {string} path of the API
 * @property {string} part of the page that has them all
 * @property {(snippet: Snippet) => void} insert
 * @property {() => Record<string, unknown> | null} body
 */

/**
 * A button beside a field: puts a saved set or template into the field, or saves what stands there under a name.
 *
 * @param {PostModel} model
 * @param {SnippetKind} kind
 */
export const snippetMenu = (model, { label, path, part, insert, body }) => {
  const influencerId = () => model.loaded.plan.influencerId
  const fill = async (/** @type {HTMLElement} */ list) => {
    const { workspace } = model.data
    try {
      const query = new URLSearchParams({ workspace, influencer: influencerId() })
      /** @type {{ data: Snippet[] }} */
      const { data } = await api(`${path}?${query}`)
      list.replaceChildren(...data.map(snippet => menuItem(menu, snippet.name, () => insert(snippet))))
      if (!data.length) list.append(el("span", "help", tr("Nothing saved yet.")))
      menu.place()
    } catch (error) {
      list.replaceChildren(el("span", "help", messageOf(error)))
    }
  }
  const saveForm = () => {
    const values = body()
    if (!values) return []
    const name = el("input")
    name.type = "text"
    name.maxLength = 60
    name.placeholder = tr("Name")
    name.setAttribute("aria-label", tr("Name of the new one"))
    const save = button(tr("Save as new"), async () => {
      try {
        await send(path, { ...values, name: name.value, influencerId: influencerId() }, model.data.workspace)
        menu.close()
      } catch (error) {
        model.warn(messageOf(error))
      }
    })
    const row = el("div", "row")
    row.append(name, save)
    return [row]
  }
  const build = () => {
    const list = el("div", "stack")
    fill(list)
    const query = new URLSearchParams({ ws: model.data.workspace, part })
    return [list, ...saveForm(), internalLink(tr("See all"), `/texts?${query}`)]
  }
  const menu = new PopoverButton(label, build, { className: "quiet" })
  return menu
}
