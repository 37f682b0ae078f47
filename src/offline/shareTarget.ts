/// <reference lib="webworker" />

/**
 * Takes what the system shares with the installed app: a form, posted to an address that no server has to know. It lies in
 * a cache of its own until the page comes for it: see shared.ts.
 */

/** As in `share_target` of the manifest. */
const ACTION = 'share';
const TEXT_FIELDS = ['title', 'text', 'url'];
const FILES_FIELD = 'pictures';

export function isShare({ method, url }: Request, scope: string): boolean {
  return method === 'POST' && url === scope + ACTION;
}

/** Keeps the shared words and files, and sends the browser to the page. */
export async function keepShare(request: Request, scope: string): Promise<Response> {
  const form = await request.formData();
  const words = TEXT_FIELDS.map((field) => form.get(field)).filter((word) => typeof word === 'string' && word !== '');
  const files = form.getAll(FILES_FIELD).filter((entry) => entry instanceof File);
  const cache = await caches.open(`minicpm-shared ${scope}`);
  await cache.put(`${scope}shared/text`, new Response(words.join('\n')));
  for (const [i, file] of files.entries()) {
    const headers = { 'content-type': file.type, 'x-name': encodeURIComponent(file.name) };
    await cache.put(`${scope}shared/${i}`, new Response(file, { headers }));
  }
  return Response.redirect(scope, 303);
}
