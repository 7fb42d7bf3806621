import { mediaUrl } from "../../ui/shared/api.js"
import { el } from "../../ui/shared/dom.js"
import { bytes } from "../../ui/shared/format.js"
import { hasEnded, poll } from "../../ui/shared/polling.js"
import { tr, trPlural } from "../../ui/shared/words.js"

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
  const line = el("span", "grow", tr("Packing the pictures …"))
  toast.show(line)
  const stop = poll(async () => {
    const [job] = (await browser.list.ask(`/api/jobs/live?id=${jobId}`)).data
    if (job.status === "completed") {
      stop()
      const { bytes: size, pictures, assetId } = job.result
      const link = el("a", "", tr("Download {size}", { size: bytes(size) }))
      link.href = mediaUrl(browser.data.workspace, assetId, "?download=1")
      toast.show(
        el("span", "grow", trPlural("{n:,} picture packed.", "{n:,} pictures packed.", pictures)),
        link,
        toast.buildClose(),
      )
    } else if (hasEnded(job.status)) {
      stop()
      toast.hide()
      browser.report(new Error(job.error || tr("The ZIP was cancelled.")))
    } else if (job.total)
      line.textContent = tr("Packing {done:,} of {all:,} pictures …", { done: job.done, all: job.total })
  }, POLL_MS)
}
