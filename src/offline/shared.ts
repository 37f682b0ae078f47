/** What another app has shared with this one. */
export interface Shared {
  text: string;
  files: File[];
}

/** Takes what the service worker has kept of a share, see shareTarget.ts; null where there is nothing. */
export async function takeShared(): Promise<Shared | null> {
  const scope = new URL('./', location.href).href.split('#', 1)[0]!;
  const name = `minicpm-shared ${scope}`;
  // Caches are missing where the page is neither on https nor on localhost.
  if (!('caches' in window) || !(await caches.has(name))) return null;
  const cache = await caches.open(name);
  const shared: Shared = { text: '', files: [] };
  for (const { url } of await cache.keys()) {
    const response = await cache.match(url);
    if (!response) continue;
    if (url.endsWith('/text')) shared.text = await response.text();
    else shared.files.push(await fileOf(response));
  }
  await caches.delete(name);
  return shared.text === '' && shared.files.length === 0 ? null : shared;
}

async function fileOf(response: Response): Promise<File> {
  const name = decodeURIComponent(response.headers.get('x-name') ?? '');
  return new File([await response.blob()], name, { type: response.headers.get('content-type') ?? '' });
}
