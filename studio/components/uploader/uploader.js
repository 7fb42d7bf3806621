// A round outlives its element: it hangs on the window by what it uploads to, so a rerun of the page never stops it.
const PARALLEL = 4
const SHOWN = 200

const rounds = (window.__studioUploads ??= new Map())

const roundOf = data => {
  const id = `${data.workspace}/${data.noun}/${data.nounId}`
  if (!rounds.has(id)) rounds.set(id, { items: [], running: 0, sent: 0, speed: 0, at: 0, draw: null, done: null, data })
  const round = rounds.get(id)
  round.data = data
  return round
}

const base = data => `/api/uploads/${encodeURIComponent(data.workspace)}`

const put_file = (round, item, url) => new Promise((resolve, reject) => {
  const request = new XMLHttpRequest()
  request.open("PUT", url)
  request.setRequestHeader("x-studio", "1")
  request.setRequestHeader("content-type", "application/octet-stream")
  request.upload.onprogress = event => {
    round.sent += event.loaded - item.loaded
    item.loaded = event.loaded
    round.draw?.()
  }
  request.onload = () => {
    if (request.status >= 200 && request.status < 300) return resolve()
    let message = `The studio answered ${request.status}. Try this file again.`
    try { message = [].concat(JSON.parse(request.responseText).message ?? message).join(" ") } catch { /* not JSON: keep the sentence */ }
    reject(Object.assign(new Error(message), { final: request.status === 400 || request.status === 413 }))
  }
  request.onerror = () => reject(new Error("The connection was lost. Try this file again; the others go on."))
  request.send(item.file)
})

const upload = async (round, item) => {
  const { data } = round
  item.state = "sending"; item.loaded = 0; item.why = ""
  round.draw?.()
  try {
    if (item.file.size === 0) throw Object.assign(new Error("This file is empty."), { final: true })
    const zip = /\.zip$/i.test(item.name)
    if (!zip && data.maxBytes && item.file.size > data.maxBytes)
      throw Object.assign(new Error(`This file has ${bytes(item.file.size)}; the limit is ${bytes(data.maxBytes)}.`), { final: true })
    const row = await send(base(data), {
      noun: data.noun, nounId: data.nounId, filename: item.name, size: item.file.size,
      clientKey: `${item.name}|${item.file.size}|${item.file.lastModified}`,
    }, data.workspace)
    item.id = row.id
    if (row.skip) { item.state = "skipped" }
    else { await put_file(round, item, row.putUrl ?? `${base(data)}/${row.id}`); item.state = "stored" }
  } catch (error) {
    round.sent -= item.loaded; item.loaded = 0
    item.state = error.final || error.status === 400 || error.status === 403 || error.status === 409 ? "refused" : "failed"
    item.why = error.message
  }
}

const pump = round => {
  while (round.running < PARALLEL) {
    const item = round.items.find(one => one.state === "waiting")
    if (!item) break
    round.running++
    upload(round, item).finally(() => { round.running--; pump(round) })
  }
  round.draw?.()
  if (round.running === 0 && round.items.some(one => !one.told && one.state !== "waiting")) finish(round)
}

const finish = round => {
  const fresh = round.items.filter(one => !one.told)
  fresh.forEach(one => { one.told = true })
  const count = state => fresh.filter(one => state.includes(one.state)).length
  const result = { stored: count(["stored"]), skipped: count(["skipped"]), failed: count(["failed", "refused"]),
    ids: fresh.filter(one => one.state === "stored" || one.state === "skipped").map(one => one.id), round: Date.now() }
  if (round.done) round.done(result)
  else round.pending = result
}

const add = (round, files) => {
  if (round.running === 0) round.items = round.items.filter(one => one.state === "failed")
  if (!round.items.some(one => one.state === "waiting" || one.state === "sending")) { round.sent = 0; round.at = performance.now() }
  for (const { file, name } of files) {
    if (/(^|\/)(\.|__MACOSX|Thumbs\.db)/i.test(name)) continue
    round.items.push({ file, name: name.slice(-300), state: "waiting", loaded: 0, why: "", told: false })
  }
  pump(round)
}

const walk = async (entry, prefix, out) => {
  if (entry.isFile) out.push({ file: await new Promise((ok, bad) => entry.file(ok, bad)), name: prefix + entry.name })
  else {
    const reader = entry.createReader()
    for (;;) {
      const some = await new Promise((ok, bad) => reader.readEntries(ok, bad))
      if (!some.length) break
      for (const child of some) await walk(child, `${prefix}${entry.name}/`, out)
    }
  }
  return out
}

const dropped = async event => {
  const entries = [...event.dataTransfer.items].map(one => one.webkitGetAsEntry?.()).filter(Boolean)
  const plain = [...event.dataTransfer.files].map(file => ({ file, name: file.name }))
  if (!entries.length) return plain
  const out = []
  for (const entry of entries) await walk(entry, "", out)
  return out
}

const WORDS = { waiting: "waiting", sending: "", stored: "✓ uploaded", skipped: "✓ already here", failed: "not uploaded", refused: "refused" }

const build = root => {
  const ui = { drop: el("div", "drop"), label: el("div", "label"), hint: el("div", "muted"), buttons: el("div", "buttons") }
  ui.files = Object.assign(el("input", "gone"), { type: "file", multiple: true })
  ui.folder = Object.assign(el("input", "gone"), { type: "file", multiple: true, webkitdirectory: true })
  ui.pick = button("Choose files", () => ui.files.click(), "main")
  ui.pickFolder = button("Choose a folder", () => ui.folder.click())
  ui.buttons.append(ui.pick, ui.pickFolder)
  ui.drop.append(ui.label, ui.hint, ui.buttons, ui.files, ui.folder)
  ui.sum = el("div", "row sum gone"); ui.sumText = el("span", "grow"); ui.retry = button("Try the failed ones again", null, "gone")
  ui.sum.setAttribute("role", "status")
  ui.sum.append(ui.sumText, ui.retry)
  ui.bar = el("div", "bar gone"); ui.bar.append(el("i"))
  ui.list = el("ul", "list"); ui.rows = new Map()
  root.replaceChildren(ui.drop, ui.sum, ui.bar, ui.list)
  return ui
}

const draw_row = (ui, round, item) => {
  let row = ui.rows.get(item)
  if (!row) {
    row = { li: el("li"), name: el("span", "cut"), state: el("span", "state"), bar: el("div", "bar"), why: el("div", "why bad") }
    row.again = button("Try again", () => { item.state = "waiting"; item.told = false; pump(round) }, "gone")
    row.name.textContent = item.name; row.name.title = item.name
    row.bar.append(el("i"))
    const right = el("span", "row"); right.append(row.state, row.again)
    row.li.append(row.name, right, row.bar, row.why)
    ui.rows.set(item, row); ui.list.append(row.li)
  }
  const share = item.file.size ? item.loaded / item.file.size : 0
  put(row.state, "textContent", item.state === "sending" ? `${Math.round(share * 100)} % of ${bytes(item.file.size)}` : WORDS[item.state])
  put(row.state, "className", "state " + ({ stored: "good", skipped: "muted", failed: "bad", refused: "bad" }[item.state] ?? "muted"))
  row.bar.classList.toggle("gone", item.state !== "sending")
  row.bar.firstChild.style.width = `${share * 100}%`
  put(row.why, "textContent", item.why); row.why.classList.toggle("gone", !item.why)
  row.again.classList.toggle("gone", item.state !== "failed")
}

const summary = round => {
  const by = state => round.items.filter(one => one.state === state).length
  const total = round.items.reduce((sum, one) => sum + one.file.size, 0)
  const settled = round.items.filter(one => ["stored", "skipped", "failed", "refused"].includes(one.state))
  const sent = settled.reduce((sum, one) => sum + one.file.size, 0) + round.items.filter(one => one.state === "sending").reduce((sum, one) => sum + one.loaded, 0)
  const speed = round.sent / Math.max(0.5, (performance.now() - round.at) / 1000)
  const busy = settled.length < round.items.length
  const parts = [`${settled.length} of ${round.items.length} files`]
  if (busy && speed > 0) parts.push(`${bytes(speed)}/s`, `about ${seconds((total - sent) / speed)} left`)
  if (by("skipped")) parts.push(`${by("skipped")} already here`)
  if (by("failed") + by("refused")) parts.push(`${by("failed") + by("refused")} not uploaded`)
  return { text: parts.join(" · "), share: total ? sent / total : 1, busy, failed: by("failed") }
}

const RANK = { sending: 0, failed: 1, refused: 2, waiting: 3, stored: 4, skipped: 5 }

const draw = (ui, round) => {
  const any = round.items.length > 0
  ui.sum.classList.toggle("gone", !any); ui.bar.classList.toggle("gone", !any)
  if (!any) { ui.list.replaceChildren(); ui.rows.clear(); return }
  const now = summary(round)
  put(ui.sumText, "textContent", now.text)
  ui.bar.firstChild.style.width = `${now.share * 100}%`
  ui.bar.classList.toggle("gone", !now.busy)
  ui.retry.classList.toggle("gone", now.busy || now.failed < 2)
  const shown = [...round.items].sort((a, b) => RANK[a.state] - RANK[b.state]).slice(0, SHOWN)
  const keep = new Set(shown)
  for (const [item, row] of ui.rows) if (!keep.has(item)) { row.li.remove(); ui.rows.delete(item) }
  shown.forEach(item => draw_row(ui, round, item))
}

const mounted = new WeakMap()

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".root")
  const ui = mounted.get(parentElement) ?? build(root)
  mounted.set(parentElement, ui)
  const round = roundOf(data)
  put(ui.label, "textContent", data.label); put(ui.hint, "textContent", data.hint)
  ui.files.accept = data.accept; ui.files.multiple = data.multiple
  ui.pick.textContent = data.multiple ? "Choose files" : "Choose a file"
  ui.pickFolder.classList.toggle("gone", !data.folders)
  const picked = input => { add(round, [...input.files].map(file => ({ file, name: file.webkitRelativePath || file.name }))); input.value = "" }
  ui.files.onchange = () => picked(ui.files)
  ui.folder.onchange = () => picked(ui.folder)
  ui.drop.ondragover = event => { event.preventDefault(); ui.drop.classList.add("over") }
  ui.drop.ondragleave = () => ui.drop.classList.remove("over")
  ui.drop.ondrop = async event => {
    event.preventDefault(); ui.drop.classList.remove("over")
    const files = await dropped(event)
    add(round, data.multiple ? files : files.slice(0, 1))
  }
  ui.retry.onclick = () => { round.items.forEach(one => { if (one.state === "failed") { one.state = "waiting"; one.told = false } }); pump(round) }
  let frame = 0
  round.draw = () => { frame ||= requestAnimationFrame(() => { frame = 0; draw(ui, round) }) }
  round.done = result => setTriggerValue("done", result)
  if (round.pending) { const result = round.pending; round.pending = null; round.done(result) }
  round.draw()
  window.onbeforeunload = () => [...rounds.values()].some(one => one.running > 0) ? "Files are still uploading." : undefined
  return () => { round.draw = null; round.done = null; mounted.delete(parentElement) }
}
