import { button, el } from "../../ui/shared/dom.js"
import { mountable } from "../../ui/shared/mount.js"
import { tr } from "../../ui/shared/words.js"
import { placeCard } from "./card_place.js"
import { TOUR_STEPS } from "./tour_steps.js"

const RING_GAP_PX = 6

/**
 * The first of the elements that is seen: a menu that is folded away is not.
 *
 * @param {readonly string[]} selectors
 */
const firstSeen = selectors => {
  for (const selector of selectors) {
    const found = document.querySelector(selector)
    const box = found?.getBoundingClientRect()
    if (box && box.width > 0 && box.height > 0 && box.right > 0 && box.left < innerWidth) return found
  }
  return null
}

class Tour {
  /** @param {HTMLElement} root */
  constructor(root) {
    /** @type {ComponentRun<unknown>["setTriggerValue"]} */
    this.setTriggerValue = () => {}
    this.steps = TOUR_STEPS.filter(step => !step.isSkippedAlone || firstSeen(step.targets))
    this.at = 0
    this.ring = el("div", "ring")
    this.title = el("h2")
    this.title.id = "tour-title"
    this.text = el("p")
    this.text.id = "tour-text"
    this.place = el("span", "muted grow")
    this.back = button("", () => this.show(this.at - 1), "quiet")
    this.next = button("", () => this.forward(), "main")
    this.skip = button("", () => this.end(), "quiet")
    const foot = el("div", "row foot")
    foot.append(this.place, this.skip, this.back, this.next)
    const said = el("div")
    said.setAttribute("aria-live", "polite")
    said.append(this.title, this.text)
    this.card = el("div", "card")
    this.card.append(said, foot)
    this.dialog = el("dialog", "tour")
    this.dialog.setAttribute("aria-labelledby", this.title.id)
    this.dialog.setAttribute("aria-describedby", this.text.id)
    this.dialog.append(this.ring, this.card)
    this.dialog.addEventListener("cancel", () => this.end())
    this.dialog.addEventListener("keydown", event => this.onKey(event))
    this.resized = new AbortController()
    window.addEventListener("resize", () => this.arrange(), { signal: this.resized.signal })
    root.replaceChildren(this.dialog)
    this.isOpen = false
  }

  /** @param {ComponentRun<unknown>} run */
  update({ setTriggerValue }) {
    this.setTriggerValue = setTriggerValue
    if (this.isOpen) return
    this.isOpen = true
    this.dialog.showModal()
    this.show(0)
  }

  close() {
    this.resized.abort()
    this.dialog.close()
  }

  /** @param {KeyboardEvent} event */
  onKey({ key }) {
    if (key === "ArrowRight") this.forward()
    if (key === "ArrowLeft" && this.at > 0) this.show(this.at - 1)
  }

  forward() {
    if (this.at + 1 < this.steps.length) this.show(this.at + 1)
    else this.end()
  }

  /** @param {number} at */
  show(at) {
    const step = this.steps[at]
    if (!step) return
    this.at = at
    const isLast = at + 1 === this.steps.length
    this.title.textContent = tr(step.title)
    this.text.textContent = tr(step.text)
    this.place.textContent = tr("{n} of {total}", { n: at + 1, total: this.steps.length })
    this.skip.textContent = tr("Skip the tour")
    this.back.textContent = tr("Back")
    this.next.textContent = isLast ? tr("Done") : tr("Next")
    this.skip.classList.toggle("gone", isLast)
    this.back.classList.toggle("gone", at === 0)
    firstSeen(step.targets)?.scrollIntoView({ block: "nearest" })
    this.arrange()
    this.next.focus()
  }

  arrange() {
    const target = firstSeen(this.steps[this.at]?.targets ?? [])
    this.ring.classList.toggle("gone", !target)
    this.dialog.classList.toggle("dim", !target)
    const box = target?.getBoundingClientRect()
    if (box) {
      this.ring.style.left = `${box.left - RING_GAP_PX}px`
      this.ring.style.top = `${box.top - RING_GAP_PX}px`
      this.ring.style.width = `${box.width + 2 * RING_GAP_PX}px`
      this.ring.style.height = `${box.height + 2 * RING_GAP_PX}px`
    }
    const { left, top } = placeCard(box, this.card.getBoundingClientRect(), { width: innerWidth, height: innerHeight })
    this.card.style.left = `${left}px`
    this.card.style.top = `${top}px`
  }

  end() {
    this.dialog.close()
    this.setTriggerValue("ended", { at: Date.now() })
  }
}

export default mountable(root => new Tour(root))
