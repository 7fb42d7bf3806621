import { setWords, tr } from "../../ui/shared/words.js"

const SIDE = 128

/** The largest square in the middle of a picture of this size. */
export function square(/** @type {number} */ width, /** @type {number} */ height) {
  const side = Math.min(width, height)
  return { x: (width - side) / 2, y: (height - side) / 2, side }
}

/** The file as a small square picture, a data URL. Fails for a file that is no picture. */
async function small(/** @type {File} */ file) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" })
  const { x, y, side } = square(picture.width, picture.height)
  const canvas = Object.assign(document.createElement("canvas"), { width: SIDE, height: SIDE })
  canvas.getContext("2d")?.drawImage(picture, x, y, side, side, 0, 0, SIDE, SIDE)
  return canvas.toDataURL("image/webp", 0.86)
}

/**
 * @typedef {object} AvatarData
 * @property {string} url
 * @property {string} name
 * @property {import("../../ui/shared/words.js").Words} [words]
 *
 * @param {{ data: AvatarData, parentElement: HTMLElement, setTriggerValue: Function }} component
 */
export default function ({ data, parentElement, setTriggerValue }) {
  setWords(data.words)
  const root = /** @type {HTMLElement} */ (parentElement.querySelector(".root"))
  root.replaceChildren()
  const shown = document.createElement(data.url ? "img" : "span")
  shown.className = "shown"
  if (shown instanceof HTMLImageElement) Object.assign(shown, { src: data.url, alt: tr("Your picture") })
  else shown.textContent = [...data.name][0] ?? ""
  const label = document.createElement("label")
  label.className = "choose"
  label.textContent = data.url ? tr("Change picture") : tr("Add a picture")
  const input = Object.assign(document.createElement("input"), { type: "file", accept: "image/*" })
  const note = document.createElement("span")
  note.className = "note"
  note.setAttribute("role", "status")
  input.addEventListener("change", async () => {
    const file = input.files?.[0]
    if (!file) return
    try {
      setTriggerValue("picture", await small(file))
    } catch {
      note.textContent = tr("The browser cannot open this file as a picture.")
    }
  })
  label.append(input)
  root.append(shown, label)
  if (data.url) {
    const remove = Object.assign(document.createElement("button"), {
      type: "button",
      className: "remove",
      textContent: tr("Remove"),
    })
    remove.addEventListener("click", () => setTriggerValue("picture", ""))
    root.append(remove)
  }
  root.append(note)
}
