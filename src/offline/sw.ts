/// <reference lib="webworker" />
import { isShare, keepShare } from './shareTarget';

declare const self: ServiceWorkerGlobalScope;

/** Replaced by the build: every file of the app shell, relative to this script, and a hash of what is in them. */
declare const __APP_SHELL__: { version: string; files: string[] };

/**
 * Makes the app open without a network, and takes what other apps share with it. Caches the shell and nothing else: weights
 * live in IndexedDB, and any other request goes its way as if this script were not here. A new version waits until every
 * tab of the old one is closed, or until the reader asks for it, so that no answer is ever cut off by an update.
 */
const { version, files } = __APP_SHELL__;
const SCOPE = new URL('./', self.location.href).href;
const SHELL = new Set(files.map((file) => new URL(file, SCOPE).href));
/** Caches belong to an origin, which other apps, and this one in another folder, may share. */
const CACHE_PREFIX = `minicpm-shell ${SCOPE} `;
const CACHE = CACHE_PREFIX + version;
/** Built files have their hash in their names, so that those of two versions never mix. */
const HASHED = `${SCOPE}assets/`;

self.addEventListener('install', (event) => {
  event.waitUntil(fillCache());
});

self.addEventListener('activate', (event) => {
  event.waitUntil(deleteOldCaches());
});

/** The page posts it when the reader agrees to the new version. */
self.addEventListener('message', ({ data }) => {
  if (data === 'take over') void self.skipWaiting();
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (isShare(request, SCOPE)) return event.respondWith(keepShare(request, SCOPE));
  if (request.method !== 'GET') return;
  const url = shellUrl(request);
  if (SHELL.has(url)) event.respondWith(fromCache(CACHE, url, request));
  // What a tab of the version before still asks for.
  else if (url.startsWith(HASHED)) event.respondWith(fromOldCaches(url, request));
});

/**
 * A browser's HTTP cache may still hold the page of the version before, which asks for files that are gone. Of files that
 * have their hash in their names it holds no other version: what the page has fetched already is not fetched again.
 */
async function fillCache(): Promise<void> {
  const cache = await caches.open(CACHE);
  const requests = [...SHELL].map((url) => new Request(url, { cache: url.startsWith(HASHED) ? 'default' : 'reload' }));
  await cache.addAll(requests);
  const again = (await mistaken(cache)).map((url) => new Request(url, { cache: 'reload' }));
  await cache.addAll(again);
  if ((await mistaken(cache)).length === 0) return;
  await caches.delete(CACHE);
  throw new Error('the host answers with a page where a file should be');
}

/** The built files that came as a page, as some hosts send it, for good, in place of what is not there yet. */
async function mistaken(cache: Cache): Promise<string[]> {
  const isPage = ({ headers }: Response) => headers.get('Content-Type')?.startsWith('text/html');
  return (await cache.matchAll())
    .filter((answer) => isPage(answer) && answer.url.startsWith(HASHED))
    .map(({ url }) => url);
}

/** The address under which a request's answer would be cached: the page has two names, and takes any query. */
function shellUrl({ mode, url }: Request): string {
  if (mode !== 'navigate') return url;
  const { origin, pathname } = new URL(url);
  return origin + pathname.replace(/\/index\.html$/, '/');
}

async function fromCache(name: string, url: string, request: Request): Promise<Response> {
  return (await cached(name, url)) ?? fetch(request);
}

async function fromOldCaches(url: string, request: Request): Promise<Response> {
  for (const name of await shellCaches()) {
    const response = await cached(name, url);
    if (response) return response;
  }
  return fetch(request);
}

async function cached(name: string, url: string): Promise<Response | undefined> {
  const cache = await caches.open(name);
  // Servers that answer `Vary: Origin` would hide the shell's scripts, which the page asks for with an Origin header.
  return cache.match(url, { ignoreVary: true });
}

/** Keeps the version before for the tabs that still show it. */
async function deleteOldCaches(): Promise<void> {
  const old = (await shellCaches()).filter((name) => name !== CACHE).slice(0, -1);
  await Promise.all(old.map((name) => caches.delete(name)));
}

/** Oldest first. */
async function shellCaches(): Promise<string[]> {
  return (await caches.keys()).filter((name) => name.startsWith(CACHE_PREFIX));
}
