import { button, el } from "./dom.js"
import { trPlural } from "./words.js"

const MOST_STARS = 5

/**
 * Five stars to click. `onRate` gets 1 to 5.
 *
 * @param {(stars: number) => void} onRate
 */
export const buildStars = onRate => {
  const box = el("div", "stars")
  for (let stars = 1; stars <= MOST_STARS; stars++) {
    const star = button("★", event => {
      event.stopPropagation()
      onRate(stars)
    })
    star.tabIndex = -1
    star.setAttribute("aria-label", trPlural("{n} star", "{n} stars", stars))
    box.append(star)
  }
  return box
}

/**
 * @param {HTMLElement} box
 * @param {number} rating
 */
export const drawStars = (box, rating) => {
  for (const [n, star] of [...box.children].entries()) star.classList.toggle("lit", n < rating)
}
