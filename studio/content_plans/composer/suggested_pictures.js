import { api, mediaUrl, messageOf } from "../../ui/shared/api.js"
import { button, el } from "../../ui/shared/dom.js"
import { tr } from "../../ui/shared/words.js"
import { internalLink } from "./links.js"
import { pictureChoice } from "./media_picker.js"

/** @import { Choice } from "./media_picker.js" */
/** @import { PostModel } from "./post_model.js" */

const SUGGESTED = 6

/** For a post without pictures: the influencer's latest ones, each taken with a click, and the way to draw one. */
export class SuggestedPictures {
  /**
   * @param {PostModel} model
   * @param {(choice: Choice) => void} onChosen
   */
  constructor(model, onChosen) {
    this.model = model
    this.onChosen = onChosen
    this.node = el("section", "suggested gone")
    this.node.setAttribute("aria-label", tr("Latest pictures"))
    this.isRead = false
  }

  /** @param {boolean} isWanted */
  draw(isWanted) {
    this.node.classList.toggle("gone", !isWanted)
    if (!isWanted || this.isRead) return
    this.isRead = true
    this.read().catch(error => {
      this.isRead = false
      this.model.warn(messageOf(error))
    })
  }

  async read() {
    const { data, loaded } = this.model
    const { influencerId } = loaded.plan
    const query = { workspace: data.workspace, influencer: influencerId, take: `${SUGGESTED}`, total: "false" }
    const answer = await api(`/api/pictures?${new URLSearchParams(query)}`)
    /** @type {Choice[]} */
    const choices = answer.data.map(pictureChoice)
    const list = el("div", "row wrap")
    list.append(...choices.map(choice => this.buildChoice(choice)))
    const head = el("div", "row wrap")
    if (choices.length) head.append(el("span", "help", tr("Latest pictures: click one to use it")), el("span", "grow"))
    const address = new URLSearchParams({ ws: data.workspace, influencer: influencerId })
    if (loaded.text) address.set("text", loaded.text.id)
    head.append(internalLink(tr("Create a picture for it"), `/create?${address}`))
    this.node.replaceChildren(head, list)
  }

  /** @param {Choice} choice */
  buildChoice(choice) {
    const node = button("", () => this.onChosen(choice), "thumb")
    const image = el("img")
    image.src = mediaUrl(this.model.data.workspace, choice.assetId, "?w=160")
    image.alt = ""
    node.title = choice.title
    node.setAttribute(
      "aria-label",
      choice.title ? tr("Use this picture: {prompt}", { prompt: choice.title }) : tr("Use this picture"),
    )
    node.append(image)
    return node
  }
}
