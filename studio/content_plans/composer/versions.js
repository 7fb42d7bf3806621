import { api, messageOf } from "../../ui/shared/api.js"
import { button, el } from "../../ui/shared/dom.js"
import { tr, trPlural } from "../../ui/shared/words.js"
import { PopoverButton } from "./popover_menu.js"
import { clockText } from "./times.js"

/** @import { Draft } from "./draft.js" */
/** @import { PostModel } from "./post_model.js" */

/** @typedef {{ version: number, savedBy: string | null, savedAt: string, name: string, draft: Draft }} Version */

/** What the post was after earlier saves, to look at and to restore. */
export class Versions {
  /** @param {PostModel} model */
  constructor(model) {
    this.model = model
    this.list = el("div", "versions")
    this.menu = new PopoverButton(tr("Versions"), () => {
      this.read()
      return [el("strong", "", tr("Versions")), this.list]
    })
    this.node = this.menu.node
  }

  async read() {
    const { model } = this
    this.list.replaceChildren(el("p", "help", tr("Loading …")))
    try {
      await model.autosave.flush()
      const { data } = await api(`${model.address}/versions${model.query}`)
      this.list.replaceChildren(
        ...(data.length
          ? data.map((/** @type {Version} */ version) => this.buildVersion(version))
          : [el("p", "help", tr("Earlier versions appear here when the post is changed."))]),
      )
    } catch (error) {
      this.list.replaceChildren(el("p", "help bad", messageOf(error)))
    }
    this.menu.place()
  }

  /** @param {Version} version */
  buildVersion(version) {
    const { model } = this
    const item = el("div", "version")
    const isCurrent = version.version === model.base.version
    const who = version.name || (version.savedBy ? tr("Somebody") : "")
    const head = el("div", "row")
    head.append(
      el("span", "grow", [clockText(new Date(version.savedAt)), who].filter(Boolean).join(" · ")),
      ...(isCurrent ? [el("span", "help", tr("now"))] : []),
    )
    const [variant] = version.draft.variants
    const files = variant?.assetIds.length ?? 0
    const text = [
      variant?.caption || version.draft.topic || tr("No text"),
      files ? trPlural("{n} file", "{n} files", files) : "",
    ]
    item.append(head, el("p", "words", text.filter(Boolean).join(" · ")))
    if (!isCurrent && model.data.canEdit) {
      head.append(
        button(tr("Restore"), () => {
          this.menu.close()
          model.restoreVersion(version.version)
        }),
      )
    }
    return item
  }
}
