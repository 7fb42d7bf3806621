/** @typedef {"pictures" | "videos"} MediaKind */

/**
 * A job that checks uploads and takes them into the library.
 *
 * @typedef {{ kind: MediaKind, type: string, uploadIds: string[], payload: Record<string, unknown> }} Order
 */

/**
 * @param {{ name: string, type: string }} file
 * @param {string} videoSuffixes extensions as of a file input
 * @returns {MediaKind}
 */
export const kindOf = ({ name, type }, videoSuffixes) => {
  const suffix = name.slice(name.lastIndexOf(".")).toLowerCase()
  return type.startsWith("video/") || videoSuffixes.split(",").includes(suffix) ? "videos" : "pictures"
}

/**
 * The jobs of uploads that have arrived: one for all pictures, one for each video.
 *
 * @param {MediaKind} kind
 * @param {string[]} uploadIds
 * @param {{ influencerId: string, aiMade: boolean }} facts
 * @returns {Order[]}
 */
export const orders = (kind, uploadIds, facts) => {
  if (kind === "videos")
    return uploadIds.map(uploadId => ({
      kind,
      type: "video-import",
      uploadIds: [uploadId],
      payload: { ...facts, uploadId },
    }))
  return uploadIds.length ? [{ kind, type: "picture-import", uploadIds, payload: { ...facts, uploadIds } }] : []
}

/**
 * Upload id -> the asset that a job has made of it, of those that it took.
 *
 * @param {Order} order
 * @param {Record<string, any> | null} result of the job
 * @returns {Map<string, string>}
 */
export const checkedUploads = ({ kind, uploadIds }, result) => {
  if (kind === "videos") return new Map(result?.assetId ? [[uploadIds[0], result.assetId]] : [])
  return new Map((result?.assets ?? []).map((/** @type {Record<string, string>} */ one) => [one.uploadId, one.assetId]))
}
