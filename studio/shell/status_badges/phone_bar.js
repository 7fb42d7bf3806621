import { el, setIfChanged } from "../../ui/shared/dom.js"
import { isTyping } from "../../ui/shared/live_changes.js"
import { tr } from "../../ui/shared/words.js"
import { badgeText } from "./announced.js"
import { isKeyboardOpen } from "./keyboard.js"

/**
 * A place that the bar or its menu of new things leads to. `icon` is a Material Symbol, `file` what Python opens.
 *
 * @typedef {{ name: string, label: string, icon: string, url: string, file: string }} BarLink
 *
 * `section`: the one of the page that is open.
 *
 * @typedef {{ places: BarLink[], creations: BarLink[], section: string }} PhoneBarContent
 */

/** On the page's root while the keyboard is open: studio/shell/theme.py keeps no room for the bar then. */
const KEYBOARD = "data-keyboard"
const NARROW = "(max-width: 640px)"
const MENU_BUTTON = "[data-testid=stExpandSidebarButton], [data-testid=stExpandSidebarButton] button"

/** The bar at the bottom of narrow windows: the first places of the menu, new things, and the menu itself. */
export class PhoneBar {
  /** @param {(file: string) => void} onOpen told of what the menu beside the page has no link to */
  constructor(onOpen) {
    this.onOpen = onOpen
    this.drawn = ""
    /** @type {HTMLElement | null} */
    this.number = null
    this.waiting = 0
    this.node = el("nav", "phone-bar")
    this.node.setAttribute("aria-label", tr("Main places"))
    this.sheet = el("div", "phone-sheet")
    this.sheet.popover = "auto"
    this.tallest = new Map()
    this.isNarrow = matchMedia(NARROW)
    /** @type {PhoneBarContent | null} */
    this.shown = null
    this.isNarrow.onchange = () => this.shown && this.draw(this.shown)
    this.onResize = () => this.makeRoom()
    window.visualViewport?.addEventListener("resize", this.onResize)
    document.addEventListener("focusin", this.onResize)
    document.addEventListener("focusout", this.onResize)
    this.makeRoom()
  }

  close() {
    this.isNarrow.onchange = null
    window.visualViewport?.removeEventListener("resize", this.onResize)
    document.removeEventListener("focusin", this.onResize)
    document.removeEventListener("focusout", this.onResize)
    document.documentElement.removeAttribute(KEYBOARD)
  }

  /** Hides the bar while the keyboard is open, which needs the room. */
  makeRoom() {
    const { visualViewport } = window
    if (!visualViewport) return
    const height = visualViewport.height * visualViewport.scale
    const { innerWidth } = window
    const tallest = Math.max(this.tallest.get(innerWidth) ?? 0, height)
    this.tallest.set(innerWidth, tallest)
    const isOpen = isKeyboardOpen({ height, tallest, typing: isTyping() })
    this.node.classList.toggle("covered", isOpen)
    document.documentElement.toggleAttribute(KEYBOARD, isOpen)
  }

  /** @param {PhoneBarContent} shown */
  draw(shown) {
    this.shown = shown
    const [places, creations] = this.isNarrow.matches ? [shown.places, shown.creations] : [[], []]
    const wanted = JSON.stringify([places, creations])
    if (wanted !== this.drawn) {
      this.drawn = wanted
      this.build(places, creations)
    }
    this.mark(shown.section)
    this.drawNumber(this.waiting)
  }

  /** @param {BarLink[]} places @param {BarLink[]} creations */
  build(places, creations) {
    this.number = null
    if (!places.length) {
      this.node.replaceChildren()
      this.sheet.replaceChildren()
      return
    }
    /** @type {HTMLElement[]} */
    const items = places.map(place => this.link(place, "place"))
    const more = this.item("button", tr("More"), "menu")
    more.onclick = () => /** @type {HTMLElement | null} */ (document.querySelector(MENU_BUTTON))?.click()
    items.push(more)
    if (creations.length) {
      const create = this.item("button", tr("New"), "add_circle")
      create.setAttribute("aria-haspopup", "true")
      create.popoverTargetElement = this.sheet
      items.splice(2, 0, create)
    }
    this.node.replaceChildren(...items)
    this.sheet.replaceChildren(...creations.map(creation => this.link(creation, "creation")))
  }

  /**
   * @template {"a" | "button"} Tag
   * @param {Tag} tag
   * @param {string} label
   * @param {string} icon
   */
  item(tag, label, icon) {
    const node = el(tag, "item")
    const symbol = el("span", "symbol")
    symbol.dataset.icon = icon
    node.append(symbol, el("span", "label cut", label))
    return node
  }

  /** @param {BarLink} place @param {string} className */
  link(place, className) {
    const link = this.item("a", place.label, place.icon)
    link.classList.add(className)
    link.href = place.url
    link.dataset.name = place.name
    link.onclick = event => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return
      event.preventDefault()
      this.sheet.hidePopover()
      if (className === "place") this.mark(place.name)
      this.follow(place)
    }
    if (place.name === "inbox") {
      this.number = el("span", "number gone")
      link.append(this.number)
    }
    return link
  }

  /** By the menu's own link where it has one: that costs no run of the page that is left. @param {BarLink} place */
  follow(place) {
    const wanted = new URL(place.url, location.origin)
    const links = /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll(".st-key-menu a"))
    const menuLink = [...links].find(({ pathname }) => pathname === wanted.pathname)
    if (menuLink && place.file === "") menuLink.click()
    else this.onOpen(place.file)
  }

  /** @param {string} section */
  mark(section) {
    const links = [...this.node.querySelectorAll("a")]
    for (const link of links) {
      if (link.dataset.name === section) link.setAttribute("aria-current", "page")
      else link.removeAttribute("aria-current")
    }
    const isInMenu = !links.some(link => link.dataset.name === section)
    if (isInMenu) this.node.lastElementChild?.setAttribute("aria-current", "true")
    else this.node.lastElementChild?.removeAttribute("aria-current")
  }

  /** How much waits in the inbox. @param {number} n */
  drawNumber(n) {
    this.waiting = n
    const { number } = this
    if (!number) return
    setIfChanged(number, "textContent", badgeText(n))
    number.classList.toggle("gone", !n)
  }
}
