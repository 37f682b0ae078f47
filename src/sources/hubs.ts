import type { Hub } from '../../workers/protocol/source';

/** A site of repositories that the page knows. */
export interface Site {
  url: string;
  shape: NonNullable<Hub['shape']>;
  /** The same in every language. */
  name: string;
}

export const HUGGING_FACE: Site = { url: 'https://huggingface.co', shape: 'hugging-face', name: 'Hugging Face' };
const HF_MIRROR: Site = { url: 'https://hf-mirror.com', shape: 'hugging-face', name: 'hf-mirror.com' };
export const MODELSCOPE: Site = { url: 'https://modelscope.cn', shape: 'modelscope', name: 'ModelScope 魔搭' };

export const SITES: readonly Site[] = [HUGGING_FACE, MODELSCOPE, HF_MIRROR];

/** Where models come from: whichever known site answers first, or one address, that of a known site or another. */
export type SourceChoice = 'automatic' | (string & {});

/** The site at an address: a known one, or one in the shape of Hugging Face. */
export function siteAt(url: string): Site {
  return SITES.find((site) => site.url === url) ?? { url, shape: 'hugging-face', name: new URL(url).host };
}

/** Whom a token for a site is sent to. */
export function originOf({ url }: Site): string {
  return new URL(url).origin;
}

/** The sites of a choice, in the order of preference. */
export function sitesOf(choice: SourceChoice): readonly Site[] {
  return choice === 'automatic' ? SITES : [siteAt(choice)];
}

/**
 * The address of a site as it was typed, without what follows it: https, or http on this very device, which are the ones that
 * the page may connect to. Null for anything else.
 */
export function parseSiteUrl(typed: string): string | null {
  const text = typed.trim();
  const withScheme = /^[\w.-]+(:\d+)?(\/|$)/.test(text) && !text.includes('://') ? `https://${text}` : text;
  if (!URL.canParse(withScheme)) return null;
  const url = new URL(withScheme);
  const isLocal = url.hostname === 'localhost' || url.hostname === '127.0.0.1';
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLocal)) return null;
  if (url.username !== '' || url.search !== '' || url.hash !== '' || !(isLocal || url.hostname.includes('.')))
    return null;
  return url.href.replace(/\/+$/, '');
}
