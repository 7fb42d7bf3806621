/**
 * The studio's service worker: a page of its own where the studio cannot be reached, and the files of the frame that
 * never change (their names carry a hash). What people made, the API and signing in always come from the server.
 */
const VERSION = "__VERSION__"
const FAMILY = "studio-frame-"
const CACHE = FAMILY + VERSION
const OFFLINE_PAGE = "/assets/offline.html"
/** Script, styles and fonts that Streamlit names by their content. */
const HASHED = /^\/static\/(?:js|css|media)\/[\w.-]+\.[\w-]{8}\.(?:js|css|woff2)$/
/** Addresses that are no pages of the studio. */
const NO_PAGE = /^\/(?:api|assets|static|media|component|_stcore|mcp|health|ready|metrics)(?:\/|$)/
/** A proxy's answers while the studio behind it is away. */
const AWAY = new Set([502, 503, 504])

const worker = /** @type {ServiceWorkerScope} */ (/** @type {unknown} */ (globalThis))

/** @param {ServiceWorkerEvent} event */
const install = async event => {
  const cache = await caches.open(CACHE)
  await cache.add(new Request(OFFLINE_PAGE, { cache: "reload", credentials: "omit" }))
  // Where a browser can (Chrome), these never wake the worker.
  await event.addRoutes?.(
    ["/api/*", "/_stcore/*", "/media/*"].map(urlPattern => ({ condition: { urlPattern }, source: "network" })),
  )
  await worker.skipWaiting()
}

const activate = async () => {
  for (const name of await caches.keys()) if (name.startsWith(FAMILY) && name !== CACHE) await caches.delete(name)
  await worker.registration.navigationPreload?.enable()
  await worker.clients.claim()
}

/** @param {ServiceWorkerFetch} event */
const openPage = async event => {
  try {
    const answer = (await event.preloadResponse) ?? (await fetch(event.request))
    if (!AWAY.has(answer.status)) return answer
    return (await caches.match(OFFLINE_PAGE)) ?? answer
  } catch (error) {
    const page = await caches.match(OFFLINE_PAGE)
    if (page) return page
    throw error
  }
}

/** @param {Request} request */
const openFile = async request => {
  const cache = await caches.open(CACHE)
  const kept = await cache.match(request)
  if (kept) return kept
  const answer = await fetch(request)
  if (answer.status === 200 && answer.type === "basic") await cache.put(request, answer.clone())
  return answer
}

worker.addEventListener("install", event => event.waitUntil(install(event)))
worker.addEventListener("activate", event => event.waitUntil(activate()))
worker.addEventListener("fetch", event => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (request.method !== "GET" || origin !== location.origin) return
  if (request.mode === "navigate" && !NO_PAGE.test(pathname)) event.respondWith(openPage(event))
  else if (HASHED.test(pathname)) event.respondWith(openFile(request))
})
