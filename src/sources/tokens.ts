import { recall, remember } from '../app/remembered';

/** Access tokens by the origin of their site. They stay on this device and go to that origin alone. */
export type Tokens = Readonly<Record<string, string>>;

export function rememberedTokens(): Tokens {
  try {
    const stored: unknown = JSON.parse(recall('hubTokens') ?? '{}');
    if (typeof stored !== 'object' || stored === null) return {};
    return Object.fromEntries(Object.entries(stored).filter((entry): entry is [string, string] => isToken(entry[1])));
  } catch {
    return {};
  }
}

export function rememberTokens(tokens: Tokens): void {
  remember('hubTokens', Object.keys(tokens).length > 0 ? JSON.stringify(tokens) : null);
}

/** The token that the person has given for the site at `url`, if any: for imports that go on after a reload, too. */
export function tokenFor(url: string): string | undefined {
  return URL.canParse(url) ? rememberedTokens()[new URL(url).origin] : undefined;
}

/** What can be sent as a header: visible ASCII without spaces. */
export function isToken(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]{4,512}$/.test(value);
}
