import { readerLanguage, tr } from "./words.js"

/** A refusal or failure whose message is the sentence to show. `status`: of the HTTP answer, undefined without one. */
export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {number} [status]
   * @param {string} [code] for programs, such as changed_since
   */
  constructor(message, status, code) {
    super(message)
    this.status = status
    this.code = code
  }
}

/**
 * Whether the studio has refused: the same again would be refused too.
 *
 * @param {unknown} error
 */
export const isRefusal = error => {
  const status = error instanceof ApiError ? error.status : undefined
  return status !== undefined && status >= 400 && status < 500 && status !== 429
}

/**
 * The sentence to show for whatever was thrown.
 *
 * @param {unknown} error
 */
export const messageOf = error => (error instanceof Error ? error.message : String(error))

/**
 * One answer of our API; null when it has no content. Throws ApiError, or the AbortError of `options.signal`.
 *
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<any>}
 */
export const api = async (path, options = {}) => {
  /** @type {Response} */
  let answer
  try {
    const headers = { ...options.headers, "x-studio-language": readerLanguage() }
    answer = await fetch(path, { credentials: "same-origin", ...options, headers })
  } catch (error) {
    throw isAbort(error) ? error : noAnswer()
  }
  if (answer.status === 204) return null
  if (answer.ok) {
    return await answer.json().catch(error => {
      throw isAbort(error) ? error : noAnswer()
    })
  }
  const body = await answer.json().catch(() => ({}))
  throw new ApiError(sentence(body.message, answer.status), answer.status, body.code)
}

const noAnswer = () => new ApiError(tr("The studio does not answer. Check your connection; nothing is lost."))

/** @param {unknown} error */
const isAbort = error => error instanceof Error && error.name === "AbortError"

/**
 * @param {string | string[] | undefined} message
 * @param {number} status
 */
const sentence = (message, status) => [message || tr("The studio answered {status}.", { status })].flat().join(" ")

/**
 * Sends JSON in the name of a workspace.
 *
 * @param {string} path
 * @param {object} body
 * @param {string} workspace
 * @param {string} [method]
 * @param {RequestInit} [options]
 */
export const send = (path, body, workspace, method = "POST", options = {}) =>
  api(path, {
    ...options,
    method,
    headers: { "content-type": "application/json", "x-workspace": workspace, "x-studio": "1" },
    body: JSON.stringify(body),
  })

/**
 * Address of a file. `query`: with its question mark.
 *
 * @param {string} workspace
 * @param {string} assetId
 * @param {string} [query]
 */
export const mediaUrl = (workspace, assetId, query = "") =>
  `/api/media/${encodeURIComponent(workspace)}/${encodeURIComponent(assetId)}${query}`
