/** What browsers get instead of the service worker once PWA is off: it removes what an earlier one kept, and itself. */
const retired = /** @type {ServiceWorkerScope} */ (/** @type {unknown} */ (globalThis))

const retire = async () => {
  for (const name of await caches.keys()) if (name.startsWith("studio-frame-")) await caches.delete(name)
  await retired.registration.unregister()
}

retired.addEventListener("install", event => event.waitUntil(retired.skipWaiting()))
retired.addEventListener("activate", event => event.waitUntil(retire()))
