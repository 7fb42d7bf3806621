/** A keyboard takes more of a window than this, in px; the bars of a browser that come and go take less. */
const SHORTEST_KEYBOARD = 120

/**
 * Whether the keyboard on the screen is open. Browsers tell nothing but that the window became lower.
 *
 * @param {{ height: number, tallest: number, typing: boolean }} seen heights in px that can be seen now, and at
 *   most in a window of this width; `typing`: whether a field has the focus
 */
export const isKeyboardOpen = ({ height, tallest, typing }) => typing && tallest - height > SHORTEST_KEYBOARD
