/// <reference lib="webworker" />
export type {};
declare const self: ServiceWorkerGlobalScope;

/** Replaced by the build: every file of the app shell, relative to this script, and a hash of what is in them. */
declare const __APP_SHELL__: { version: string; files: string[] };

/**
 * Makes the app open without a network. Caches the shell and nothing else: weights live in IndexedDB, and any other
 * request goes its way as if this script were not here. A new version waits until every tab of the old one is closed,
 * so that no answer is ever cut off by an update.
 */
const { version, files } = __APP_SHELL__;
const SCOPE = new URL('./', self.location.href).href;
const SHELL = new Set(files.map((file) => new URL(file, SCOPE).href));
/** Caches belong to an origin, which other apps, and this one in another folder, may share. */
const CACHE_PREFIX = `minicpm-shell ${SCOPE} `;
const CACHE = CACHE_PREFIX + version;

self.addEventListener('install', (event) => {
  event.waitUntil(fillCache());
});

self.addEventListener('activate', (event) => {
  event.waitUntil(deleteOldCaches());
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = shellUrl(request);
  if (request.method === 'GET' && SHELL.has(url)) event.respondWith(fromCacheOrNetwork(url, request));
});

/** A browser's HTTP cache may still hold the page of the version before, which asks for files that are gone. */
async function fillCache(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll([...SHELL].map((url) => new Request(url, { cache: 'reload' })));
}

/** The address under which a request's answer would be cached: the page has two names, and takes any query. */
function shellUrl({ mode, url }: Request): string {
  if (mode !== 'navigate') return url;
  const { origin, pathname } = new URL(url);
  return origin + pathname.replace(/\/index\.html$/, '/');
}

async function fromCacheOrNetwork(url: string, request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  // Servers that answer `Vary: Origin` would hide the shell's scripts, which the page asks for with an Origin header.
  return (await cache.match(url, { ignoreVary: true })) ?? fetch(request);
}

async function deleteOldCaches(): Promise<void> {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(CACHE_PREFIX) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}
