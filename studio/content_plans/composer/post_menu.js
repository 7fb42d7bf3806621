import { send } from "../../ui/shared/api.js"
import { el } from "../../ui/shared/dom.js"
import { tr } from "../../ui/shared/words.js"
import { menuItem, PopoverButton } from "./popover_menu.js"

/** @import { PostModel } from "./post_model.js" */

const HOLDABLE = ["draft", "in_review", "approved", "scheduled", "failed", "missed"]
const SENT = ["publishing", "published", "unknown"]

/** What is done with a post now and then. */
export class PostMenu {
  /**
   * @param {PostModel} model
   * @param {{ act(action: string): void, open(planId: string): void }} on
   */
  constructor(model, on) {
    this.model = model
    this.on = on
    const options = /** @type {const} */ ({ className: "quiet", ariaLabel: tr("More actions"), role: "menu" })
    this.menu = new PopoverButton("⋯", () => this.build(), options)
    this.node = this.menu.node
  }

  /** @returns {HTMLElement[]} */
  build() {
    const { model } = this
    const isOpen = model.data.canEdit && model.answer && !model.answer.deleted
    const items = isOpen ? [...this.buildActions(), ...this.buildCopies()] : []
    return items.length ? items : [el("p", "help", tr("Nothing to do here."))]
  }

  /** @returns {HTMLElement[]} */
  buildActions() {
    const { states, loaded } = this.model
    const has = (/** @type {string[]} */ names) => names.some(name => states.has(name))
    /** @type {[isOffered: boolean, text: string, action: string][]} */
    const actions = [
      [states.has("scheduled"), tr("Unschedule"), "unschedule"],
      [!loaded.reviewWanted && has(["draft", "failed", "missed"]), tr("Send for review"), "review"],
      [has(HOLDABLE), tr("Put on hold"), "hold"],
      [!has(SENT) && loaded.plan.variants.length > 0, tr("I posted it myself"), "mark_published"],
    ]
    return actions
      .filter(([isOffered]) => isOffered)
      .map(([, text, action]) => menuItem(this.menu, text, () => this.on.act(action)))
  }

  buildCopies() {
    const { states, loaded } = this.model
    /** @type {HTMLElement[]} */
    const items = [menuItem(this.menu, tr("Duplicate"), () => this.copy("duplicate", {}))]
    if (states.has("published")) {
      const { cooldown } = loaded
      const body = { ignoreCooldown: Boolean(cooldown) }
      const again = menuItem(this.menu, cooldown ? tr("Use again anyway") : tr("Use again"), () =>
        this.copy("repurpose", body),
      )
      if (cooldown) items.push(el("p", "help", cooldown))
      items.push(again)
    }
    if (!states.has("publishing")) items.push(menuItem(this.menu, tr("Delete post"), () => this.remove()))
    return items
  }

  /**
   * @param {string} verb
   * @param {object} body
   */
  async copy(verb, body) {
    const { model } = this
    await model.work(verb, async () => {
      const copy = await send(`${model.address}/${verb}`, body, model.data.workspace)
      model.tellOthers()
      this.on.open(copy.id)
    })
  }

  async remove() {
    const { model } = this
    await model.work("delete", async () => {
      const done = await send(model.address, {}, model.data.workspace, "DELETE")
      model.take(await model.read())
      model.tell(done.said, done.id)
      model.tellOthers()
    })
  }
}
