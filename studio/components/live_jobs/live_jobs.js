const FINAL = new Set(["completed", "failed", "cancelled"])
const STATE_WORDS = { pending: "waiting", processing: "running", completed: "done", failed: "failed", cancelled: "cancelled" }

const fetch_jobs = async data => {
  const query = new URLSearchParams([["workspace", data.workspace], ...data.ids.map(id => ["id", id])])
  return (await api(`/api/jobs/live?${query}`)).data
}

const build_card = (ui, job) => {
  const card = { node: el("div", "job"), img: el("img", "gone"), title: el("span", "title cut"), chip: el("span", "chip"), bar: el("div", "bar"),
    line: el("div", "line muted"), why: el("div", "why bad gone"), acts: el("div", "acts") }
  card.img.alt = ""
  card.bar.append(el("i"))
  card.phase = el("span"); card.count = el("span"); card.eta = el("span")
  card.line.append(card.phase, card.count, card.eta)
  card.cancel = button("Cancel", () => ui.act(job.id, "cancel", card))
  card.retry = button("Try again", () => ui.act(job.id, "retry", card))
  card.open = button("", () => ui.open(job.id))
  card.acts.append(card.open, card.cancel, card.retry)
  const head = el("div", "row"); head.append(card.title, card.chip)
  const body = el("div", "grow"); body.append(head, card.bar, card.line, card.why)
  card.node.append(card.img, body, card.acts)
  return card
}

/** "at 02:00", or "on 24 Nov at 02:00" when that is more than a day away, in the browser's own time. */
const when = iso => {
  const at = new Date(iso), time = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })
  return at - Date.now() < 20 * 3600e3 ? `at ${time}` : `on ${at.toLocaleDateString([], { day: "numeric", month: "short" })} at ${time}`
}

const phase_words = job => {
  if (job.cancelRequested && job.state === "processing") return "stopping…"
  const far = job.notBefore && new Date(job.notBefore) - Date.now() > 90e3
  if (job.state === "pending" && job.notBefore) return !job.errorMessage ? `starts ${when(job.notBefore)}` : far ? `goes on ${when(job.notBefore)}` : "tried again in a moment"
  if (job.state === "pending" && job.waitsFor) return `waiting for ${job.waitsFor} ${job.waitsFor === 1 ? "part" : "parts"} of it`
  if (job.state === "pending") return job.queuePosition > 1 ? `waiting, number ${job.queuePosition} in line` : "next in line, waiting for a free worker"
  if (job.state === "processing") return job.phase || "starting"
  return ""
}

const draw_card = (card, job, data) => {
  const running = job.state === "processing", waiting = job.state === "pending"
  put(card.title, "textContent", job.title); put(card.title, "title", job.title)
  put(card.chip, "textContent", job.deadLetter ? "needs a look" : waiting && job.waitsFor ? "under way" : STATE_WORDS[job.state]); put(card.chip, "className", `chip ${job.state}`)
  card.bar.classList.toggle("gone", !running)
  card.bar.classList.toggle("unknown", running && !job.total)
  card.bar.firstChild.style.width = job.total ? `${Math.min(100, 100 * job.done / job.total)}%` : ""
  card.bar.setAttribute("role", "progressbar")
  if (job.total) card.bar.setAttribute("aria-valuenow", String(Math.round(100 * job.done / job.total)))
  put(card.phase, "textContent", phase_words(job))
  put(card.count, "textContent", running && job.total ? `${job.done} of ${job.total}` : "")
  put(card.eta, "textContent", running && job.etaS != null ? `about ${seconds(job.etaS)} left` : "")
  put(card.why, "textContent", job.state === "failed" || waiting ? job.errorMessage || "" : ""); card.why.classList.toggle("gone", !card.why.textContent)
  card.why.classList.toggle("bad", !waiting)
  if (running && job.preview) put(card.img, "src", job.preview)
  card.img.classList.toggle("gone", !(running && job.preview))
  card.cancel.classList.toggle("gone", !(data.canEdit && (running || waiting))); card.cancel.disabled = Boolean(job.cancelRequested)
  card.retry.classList.toggle("gone", !(data.canEdit && (job.state === "failed" || job.state === "cancelled") && job.kind !== "autopost"))
  put(card.open, "textContent", data.openLabel); card.open.classList.toggle("gone", !data.openLabel)
}

const draw_jobs = (ui, jobs) => {
  const keep = new Set(jobs.map(job => job.id))
  for (const [id, card] of ui.cards) if (!keep.has(id)) { card.node.remove(); ui.cards.delete(id) }
  jobs.forEach((job, n) => {
    let card = ui.cards.get(job.id)
    if (!card) ui.cards.set(job.id, card = build_card(ui, job))
    if (ui.list.children[n] !== card.node) ui.list.insertBefore(card.node, ui.list.children[n] ?? null)
    draw_card(card, job, ui.data)
  })
  put(ui.empty, "textContent", jobs.length ? "" : ui.data.empty)
  ui.empty.classList.toggle("gone", !ui.empty.textContent)
}

const states_of = jobs => jobs.map(job => `${job.id}:${job.state}`).sort().join()

const mounted = new WeakMap()

const build_jobs = root => {
  const ui = { list: el("div", "jobs"), empty: el("div", "empty muted gone"), error: el("div", "bad gone"), cards: new Map(), told: "", stop: null }
  ui.error.setAttribute("role", "alert")
  root.replaceChildren(ui.error, ui.list, ui.empty)
  ui.act = async (id, verb, card) => {
    card.cancel.disabled = true
    try { await send(`/api/jobs/${encodeURIComponent(id)}/${verb}?workspace=${encodeURIComponent(ui.data.workspace)}`, {}, ui.data.workspace); await ui.tick() }
    catch (error) { ui.fail(error) }
  }
  ui.fail = error => { put(ui.error, "textContent", error?.message ?? ""); ui.error.classList.toggle("gone", !error) }
  ui.tick = async () => {
    try {
      const jobs = await fetch_jobs(ui.data)
      ui.fail(null)
      draw_jobs(ui, jobs)
      const now = states_of(jobs)
      if (now !== states_of(ui.data.cards) && now !== ui.told) { ui.told = now; ui.changed(jobs) }
      if (ui.data.ids.length && jobs.every(job => FINAL.has(job.state))) ui.stop?.()
    } catch (error) { ui.fail(error) }
  }
  return ui
}

export default function ({ data, parentElement, setTriggerValue }) {
  const ui = mounted.get(parentElement) ?? build_jobs(parentElement.querySelector(".root"))
  mounted.set(parentElement, ui)
  ui.data = data
  ui.changed = jobs => setTriggerValue("changed", { states: jobs.map(job => [job.id, job.state]), at: Date.now() })
  ui.open = id => setTriggerValue("opened", { id, at: Date.now() })
  if (ui.seen !== data.cards) { ui.seen = data.cards; draw_jobs(ui, data.cards) }
  ui.stop?.()
  ui.stop = poll(ui.tick, data.every)
  return () => { ui.stop?.(); mounted.delete(parentElement) }
}
