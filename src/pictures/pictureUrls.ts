import type { Picture } from './picture';

/** Object URLs of pictures, one for each, made when it is first shown. */
export class PictureUrls {
  readonly #urls = new Map<string, Promise<string | null>>();

  constructor(private readonly read: (id: string) => Promise<ArrayBuffer | undefined>) {}

  /** Null where there are no bytes. */
  urlOf({ id, type }: Picture): Promise<string | null> {
    let url = this.#urls.get(id);
    if (!url) {
      url = this.read(id).then((bytes) => (bytes ? URL.createObjectURL(new Blob([bytes], { type })) : null));
      this.#urls.set(id, url);
      // What is missing may come with an import, and what could not be read may be readable later.
      const forget = () => this.#urls.delete(id);
      void url.then((made) => made ?? forget(), forget);
    }
    return url;
  }

  revoke(id: string): void {
    void this.#urls
      .get(id)
      ?.then((url) => url !== null && URL.revokeObjectURL(url))
      .catch(() => undefined);
    this.#urls.delete(id);
  }

  keepOnly(ids: readonly string[]): void {
    for (const id of [...this.#urls.keys()]) if (!ids.includes(id)) this.revoke(id);
  }
}
