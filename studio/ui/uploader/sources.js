/**
 * What a phone's own pickers offer for these extensions: its photos, its videos, its camera. With a list of extensions
 * alone Android opens a list of files.
 *
 * @param {string} accept extensions as of a file input
 * @returns {string} media types as of a file input; "" where neither pictures nor videos are taken
 */
export const photoTypes = accept => {
  const suffixes = accept.split(",").map(suffix => suffix.trim().toLowerCase())
  const types = []
  if (suffixes.includes(".jpg")) types.push("image/*")
  if (suffixes.includes(".mp4")) types.push("video/*")
  return types.join(",")
}
