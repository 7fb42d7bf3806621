import { api, messageOf, send } from "../../ui/shared/api.js"
import { button, el, setIfChanged } from "../../ui/shared/dom.js"
import { tr } from "../../ui/shared/words.js"

/** @import { PostModel } from "./post_model.js" */

const NEW = "new"

/** The campaign that a post belongs to; kept at once, as it is no part of the post's text. */
export class CampaignField {
  /** @param {PostModel} model */
  constructor(model) {
    this.model = model
    /** @type {{ id: string, name: string }[]} */
    this.campaigns = []
    this.isRead = false
    this.node = el("div", "campaign")
    this.select = el("select")
    this.select.setAttribute("aria-label", tr("Campaign"))
    this.select.onchange = () => this.choose()
    this.name = el("input")
    this.name.maxLength = 60
    this.name.placeholder = tr("Name of the campaign")
    this.name.setAttribute("aria-label", tr("Name of the new campaign"))
    this.name.onkeydown = event => {
      if (event.key === "Enter") this.create()
    }
    this.fresh = el("div", "row gone")
    this.fresh.append(
      this.name,
      button(tr("Add"), () => this.create()),
    )
    this.node.append(el("span", "name", tr("Campaign")), this.select, this.fresh)
    this.fillOptions()
  }

  draw() {
    const { model } = this
    if (!this.isRead) {
      this.isRead = true
      this.read().catch(error => {
        this.isRead = false
        model.warn(messageOf(error))
      })
    }
    this.select.disabled = !model.data.canEdit || model.loaded.deleted
    if (this.fresh.classList.contains("gone")) setIfChanged(this.select, "value", model.loaded.plan.campaignId ?? "")
  }

  async read() {
    const query = new URLSearchParams({ workspace: this.model.data.workspace })
    const answer = await api(`/api/campaigns?${query}`)
    this.campaigns = answer.data
    this.fillOptions()
    this.draw()
  }

  fillOptions() {
    const options = this.campaigns.map(({ id, name }) => new Option(name, id))
    this.select.replaceChildren(new Option(tr("No campaign"), ""), ...options, new Option(tr("New campaign …"), NEW))
  }

  async choose() {
    const isNew = this.select.value === NEW
    this.fresh.classList.toggle("gone", !isNew)
    if (isNew) this.name.focus()
    else await this.set(this.select.value)
  }

  async create() {
    const name = this.name.value.trim()
    if (!name) return
    try {
      const campaign = await send("/api/campaigns", { name }, this.model.data.workspace)
      if (!this.campaigns.some(({ id }) => id === campaign.id)) this.campaigns.push(campaign)
      this.name.value = ""
      this.fresh.classList.add("gone")
      this.fillOptions()
      await this.set(campaign.id)
    } catch (error) {
      this.model.warn(messageOf(error))
    }
  }

  /** @param {string} campaignId "": none */
  async set(campaignId) {
    const { model } = this
    const { plan } = model.loaded
    try {
      await send("/api/content-plans/campaign", { planIds: [plan.id], campaignId }, model.data.workspace)
      model.loaded.plan.campaignId = campaignId || null
      model.tellOthers()
    } catch (error) {
      model.warn(messageOf(error))
    }
    this.draw()
  }
}
