import { send } from "../shared/api.js"
import { tr } from "../shared/words.js"

/**
 * Uploads a mask. Returns the id of the upload.
 *
 * @param {{ workspace: string, noun: string, nounId: string, asset: string }} target
 * @param {Blob} mask PNG
 * @returns {Promise<string>}
 */
export const sendMask = async ({ workspace, noun, nounId, asset }, mask) => {
  const uploads = `/api/uploads/${encodeURIComponent(workspace)}`
  const announcement = { noun, nounId, filename: "mask.png", size: mask.size, clientKey: `mask|${asset}|${newId()}` }
  const row = await send(uploads, announcement, workspace)
  const answer = await fetch(row.putUrl ?? `${uploads}/${row.id}`, {
    method: "PUT",
    body: mask,
    credentials: "same-origin",
    headers: { "x-studio": "1", "content-type": "application/octet-stream" },
  })
  if (!answer.ok) throw new Error(tr("The mask did not arrive. Try again."))
  return row.id
}

/** Browsers have `randomUUID` on https and localhost alone. */
const newId = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`
