import type { Browser, BrowserContext, Request } from '@playwright/test';

/**
 * What pages, workers and service workers ask for, and from where. Blobs and data are the page's own; another server is asked
 * only by a test that says so.
 */
export class Origins {
  readonly #allowed = new Set<string>();
  readonly #asked: Request[] = [];
  readonly #note = (request: Request) => void this.#asked.push(request);

  /** `url` is any address of the app. */
  constructor(url: string) {
    this.allow(url);
  }

  /** A server that this test has the page ask on purpose, by any of its addresses; also one that the test plays itself. */
  allow(...urls: string[]): void {
    for (const url of urls) this.#allowed.add(new URL(url).origin);
  }

  /** From now on, of every context of a browser, or of one that was opened without the fixtures. Returns what ends it. */
  watch(source: Browser | BrowserContext): () => void {
    if (!('newContext' in source)) {
      source.on('request', this.#note);
      return () => source.off('request', this.#note);
    }
    const begin = (context: BrowserContext) => void this.watch(context);
    source.on('context', begin);
    return () => source.off('context', begin);
  }

  /** The addresses that nobody allowed. */
  get elsewhere(): string[] {
    const urls = this.#asked.map((request) => new URL(request.url()));
    return urls
      .filter(({ protocol, origin }) => !/^(blob|data):/.test(protocol) && !this.#allowed.has(origin))
      .map(String);
  }

  /** How many requests a service worker has made. */
  get ofServiceWorkers(): number {
    return this.#asked.filter((request) => request.serviceWorker() !== null).length;
  }
}
