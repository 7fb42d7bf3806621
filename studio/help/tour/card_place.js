const GAP_PX = 16

/** @typedef {{ width: number, height: number }} Size */
/** @typedef {{ left: number, top: number, right: number, bottom: number }} Box */

/** @param {number} value @param {number} most */
const clamped = (value, most) => Math.min(Math.max(value, GAP_PX), Math.max(most, GAP_PX))

/**
 * Where the card stands: below what it explains, above it, beside it, else in the middle; always in the window.
 *
 * @param {Box | undefined} target
 * @param {Size} card
 * @param {Size} screen
 * @returns {{ left: number, top: number }}
 */
export const placeCard = (target, card, screen) => {
  const most = { left: screen.width - card.width - GAP_PX, top: screen.height - card.height - GAP_PX }
  const middle = { left: clamped((screen.width - card.width) / 2, most.left), top: clamped(most.top / 2, most.top) }
  if (!target) return middle
  if (target.right + GAP_PX <= most.left && target.bottom - target.top > screen.height / 3) {
    return { left: target.right + GAP_PX, top: clamped(target.top, most.top) }
  }
  const left = clamped(target.left, most.left)
  if (target.bottom + GAP_PX <= most.top) return { left, top: target.bottom + GAP_PX }
  const above = target.top - GAP_PX - card.height
  return above >= GAP_PX ? { left, top: above } : { left: middle.left, top: most.top }
}
