/** What can be pressed. */
const PRESSABLE = "button, a, summary, [role=button], [role=menuitem], [role=option]"

/**
 * What a person takes for one thing to press: its words, and what it is about. Streamlit draws the next row in the
 * element of the one that went, with another key; our lists name what a row is about (`data-subject`).
 *
 * @param {Event} event
 * @returns {string} "": nothing that can be pressed
 */
const pressedThing = event => {
  const path = event.composedPath().filter(target => target instanceof Element)
  const node = path.find(element => element.matches(PRESSABLE))
  if (!node) return ""
  const key = path.flatMap(element => [...element.classList]).find(name => name.startsWith("st-key-"))
  const subject = path.find(element => element instanceof HTMLElement && element.dataset.subject)
  const words = node.getAttribute("aria-label") || node.textContent
  return JSON.stringify([words, key, subject?.getAttribute("data-subject")])
}

/**
 * Whether a click is the second half of a double click that would reach another thing than its first half did, because
 * something was drawn anew in between: the next row has moved up, “Approve” is of the next post, a menu has closed.
 *
 * @param {{ clicks: number, thing: string, first: string, apart: number }} seen `clicks`: how many so quickly after
 *   each other, as the browser counts them; `thing`: what it reaches; `first`: what the first of them reached; `apart`:
 *   pixels between the two. Browsers count taps up to 100 pixels apart as one double tap, but who presses a menu and
 *   then an entry of it means both.
 */
export const isStray = ({ clicks, thing, first, apart }) =>
  clicks > 1 && thing !== "" && thing !== first && apart <= SAME_PLACE_PX

/** How far a hand moves between the halves of a double click, at most. */
const SAME_PLACE_PX = 24

/** What lies under a dialog and closes it: Streamlit's, and that of a `<dialog>`, whose events are its own. */
const VEIL = "[data-testid=stDialog], dialog"
const SECOND_HALF_MS = 500
/** What the first click of the last series reached, and when (ms since the page began). */
let firstThing = ""
let firstAt = Number.NEGATIVE_INFINITY
let firstPlace = { clientX: 0, clientY: 0 }

/** Keeps such clicks from everything on the page. @param {AbortSignal} signal */
export const stopStrayClicks = signal => {
  /** @param {MouseEvent} event */
  const look = event => {
    const thing = pressedThing(event)
    const apart = Math.hypot(event.clientX - firstPlace.clientX, event.clientY - firstPlace.clientY)
    if (event.detail <= 1) {
      firstThing = thing
      firstAt = event.timeStamp
      firstPlace = { clientX: event.clientX, clientY: event.clientY }
    } else if (isStray({ clicks: event.detail, thing, first: firstThing, apart })) {
      event.preventDefault()
      event.stopImmediatePropagation()
    }
  }
  /** The dialog that the first half has opened is not closed by the second. @param {PointerEvent} event */
  const keepOpen = event => {
    const [reached] = event.composedPath()
    if (!(reached instanceof Element && reached.matches(VEIL)) || event.timeStamp - firstAt > SECOND_HALF_MS) return
    event.preventDefault()
    event.stopImmediatePropagation()
  }
  window.addEventListener("click", look, { signal, capture: true })
  window.addEventListener("pointerdown", keepOpen, { signal, capture: true })
}
