import { mediaUrl } from "../../ui/shared/api.js"
import { el } from "../../ui/shared/dom.js"
import { bytes } from "../../ui/shared/format.js"
import { hasEnded, poll } from "../../ui/shared/polling.js"

/** @import { PictureBrowser } from "./browse.js" */

const POLL_MS = 1000

/**
 * Follows the job that packs pictures in the toast, up to the link of the ZIP.
 *
 * @param {PictureBrowser} browser
 * @param {string} jobId
 */
export const followZip = (browser, jobId) => {
  const { toast } = browser
  const line = el("span", "grow", "Packing the pictures …")
  toast.show(line)
  const stop = poll(async () => {
    const [job] = (await browser.list.ask(`/api/jobs/live?id=${jobId}`)).data
    if (job.status === "completed") {
      stop()
      const { bytes: size, pictures, assetId } = job.result
      const link = el("a", "", `Download ${bytes(size)}`)
      link.href = mediaUrl(browser.data.workspace, assetId, "?download=1")
      toast.show(el("span", "grow", `${pictures} pictures packed.`), link, toast.buildClose())
    } else if (hasEnded(job.status)) {
      stop()
      toast.hide()
      browser.report(new Error(job.error || "The ZIP was cancelled."))
    } else if (job.total) line.textContent = `Packing ${job.done} of ${job.total} pictures …`
  }, POLL_MS)
}
