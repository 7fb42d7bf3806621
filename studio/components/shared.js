// Shared by all components: each file is one module, so these are its own functions.
const el = (tag, cls, text) => {
  const node = document.createElement(tag)
  if (cls) node.className = cls
  if (text !== undefined) node.textContent = text
  return node
}

const button = (text, onclick, cls) => {
  const node = el("button", cls, text)
  node.type = "button"
  node.onclick = onclick
  return node
}

/** Sets a property only when it differs: keeps focus, selection and transitions alive while polling. */
const put = (node, prop, value) => { if (node[prop] !== value) node[prop] = value }

const bytes = n => n < 1024 ? `${n} B` : n < 1048576 ? `${(n / 1024).toFixed(0)} KB`
  : n < 1073741824 ? `${(n / 1048576).toFixed(1)} MB` : `${(n / 1073741824).toFixed(2)} GB`

const seconds = s => s < 60 ? `${Math.max(1, Math.round(s))} s` : s < 3600 ? `${Math.round(s / 60)} min`
  : `${Math.floor(s / 3600)} h ${Math.round((s % 3600) / 60)} min`

/** One answer of our API. Throws an Error whose message is the sentence to show. */
const api = async (path, options = {}) => {
  let answer
  try { answer = await fetch(path, { credentials: "same-origin", ...options }) }
  catch (error) {
    if (error.name === "AbortError") throw error
    throw new Error("The studio does not answer. Check your connection; nothing is lost.")
  }
  if (answer.status === 204) return null
  const body = await answer.json().catch(() => ({}))
  if (!answer.ok) throw Object.assign(new Error([].concat(body.message || `The studio answered ${answer.status}.`).join(" ")), { status: answer.status })
  return body
}

const send = (path, body, workspace, method = "POST") => api(path, {
  method, headers: { "content-type": "application/json", "x-workspace": workspace, "x-studio": "1" }, body: JSON.stringify(body ?? {}),
})

/** Calls `tick` now and again after each finish; slower while the tab is hidden. Returns a stopper. */
const poll = (tick, every) => {
  let timer = 0, stopped = false
  const turn = async () => {
    if (stopped) return
    await tick().catch(() => {})
    if (!stopped) timer = setTimeout(turn, document.hidden ? every * 5 : every)
  }
  const wake = () => { if (!document.hidden && !stopped) { clearTimeout(timer); turn() } }
  document.addEventListener("visibilitychange", wake)
  turn()
  return () => { stopped = true; clearTimeout(timer); document.removeEventListener("visibilitychange", wake) }
}
