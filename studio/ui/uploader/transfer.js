import { ApiError, messageOf, send } from "../shared/api.js"
import { bytes } from "../shared/format.js"
import { tr } from "../shared/words.js"

/** @import { UploadItem, UploadQueue } from "./queue.js" */

/**
 * Where files go, and how large one may be.
 *
 * @typedef {{ workspace: string, noun: string, nounId: string, maxBytes?: number }} UploadTarget
 */

/** A file that would be refused again. */
class Refused extends Error {}

/** The network went away; nothing is wrong with the file. */
class ConnectionLost extends Error {}

/** So long nothing of a file got on: the phone slept, or its network is gone without a word. */
const STALLED_MS = 45_000

/** Answers that a second try does not change. */
const FINAL_STATUSES = new Set([400, 403, 409])

/**
 * Sends one file; its item says how it ended. `onProgress` is called whenever something has changed.
 *
 * @param {UploadTarget} target
 * @param {UploadQueue} queue
 * @param {UploadItem} item
 * @param {() => void} onProgress
 */
export const uploadItem = async (target, queue, item, onProgress) => {
  item.state = "sending"
  item.loaded = 0
  item.reason = ""
  item.isLost = false
  onProgress()
  try {
    checkSize(target, item)
    const uploads = `/api/uploads/${encodeURIComponent(target.workspace)}`
    const row = await send(uploads, announcement(target, item), target.workspace)
    item.id = row.id
    if (row.skip) {
      item.state = "skipped"
      return
    }
    await putFile(item.file, row.putUrl ?? `${uploads}/${row.id}`, loaded => {
      queue.progress(item, loaded)
      onProgress()
    })
    item.state = "stored"
  } catch (error) {
    queue.progress(item, 0)
    item.state = isFinal(error) ? "refused" : "failed"
    item.isLost = error instanceof ConnectionLost || (error instanceof ApiError && error.status === undefined)
    item.reason = messageOf(error)
  }
}

/**
 * Throws Refused. Archives have limits of their own, which the server knows.
 *
 * @param {UploadTarget} target
 * @param {UploadItem} item
 */
const checkSize = ({ maxBytes }, { file, name }) => {
  if (file.size === 0) throw new Refused(tr("This file is empty."))
  if (maxBytes && file.size > maxBytes && !/\.zip$/i.test(name)) {
    throw new Refused(
      tr("This file has {size}; the limit is {limit}.", { size: bytes(file.size), limit: bytes(maxBytes) }),
    )
  }
}

/**
 * What the server is told of a file before it comes. The same `clientKey` again is the same upload.
 *
 * @param {UploadTarget} target
 * @param {UploadItem} item
 */
const announcement = ({ noun, nounId }, { file, name }) => ({
  noun,
  nounId,
  filename: name,
  size: file.size,
  clientKey: `${name}|${file.size}|${file.lastModified}`,
})

/** @param {unknown} error */
const isFinal = error =>
  error instanceof Refused || (error instanceof ApiError && FINAL_STATUSES.has(error.status ?? 0))

/**
 * XMLHttpRequest, because fetch does not tell how far an upload is.
 *
 * @param {File} file
 * @param {string} url
 * @param {(loaded: number) => void} onLoaded
 * @returns {Promise<void>}
 */
const putFile = (file, url, onLoaded) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open("PUT", url)
    request.setRequestHeader("x-studio", "1")
    request.setRequestHeader("content-type", "application/octet-stream")
    let stalled = setTimeout(() => request.abort(), STALLED_MS)
    request.upload.onprogress = event => {
      clearTimeout(stalled)
      stalled = setTimeout(() => request.abort(), STALLED_MS)
      onLoaded(event.loaded)
    }
    request.upload.onload = () => clearTimeout(stalled)
    request.onload = () => {
      clearTimeout(stalled)
      const { status } = request
      if (status >= 200 && status < 300) resolve()
      else reject(refusal(status, request.responseText))
    }
    request.onerror = request.onabort = () => {
      clearTimeout(stalled)
      reject(new ConnectionLost(tr("The connection was lost. This file is sent again as soon as it is back.")))
    }
    request.send(file)
  })

/**
 * @param {number} status
 * @param {string} body
 */
const refusal = (status, body) => {
  let message = tr("The studio answered {status}. Try this file again.", { status })
  try {
    message = [JSON.parse(body).message ?? message].flat().join(" ")
  } catch {
    // Not JSON: the sentence stays.
  }
  return status === 400 || status === 413 ? new Refused(message) : new Error(message)
}
