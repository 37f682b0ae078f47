/// <reference lib="webworker" />
export type {};
declare const self: ServiceWorkerGlobalScope;

/** Replaced by the build: every file of the app shell, relative to this script, and a hash of their names. */
declare const __APP_SHELL__: { version: string; files: string[] };

/**
 * Makes the app open without a network. Caches the shell and nothing else: weights live in IndexedDB. A new version waits
 * until every tab of the old one is closed, so that no answer is ever cut off by an update.
 */
const CACHE = `shell-${__APP_SHELL__.version}`;

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(__APP_SHELL__.files)));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(deleteOldCaches());
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const isOurs = request.method === 'GET' && new URL(request.url).origin === self.location.origin;
  if (isOurs) event.respondWith(fromCacheOrNetwork(request));
});

async function fromCacheOrNetwork(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  const key = request.mode === 'navigate' && new URL(request.url).pathname.endsWith('/') ? 'index.html' : request;
  // Servers that answer `Vary: Origin` would hide the shell's scripts, which the page asks for with an Origin header.
  return (await cache.match(key, { ignoreVary: true })) ?? fetch(request);
}

async function deleteOldCaches(): Promise<void> {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith('shell-') && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}
