import { recallRecord, remember } from '../app/remembered';

/** Access tokens by the origin of their site. They stay on this device and go to that origin alone. */
export type Tokens = Readonly<Record<string, string>>;

export function rememberedTokens(): Tokens {
  const kept = Object.entries(recallRecord('hubTokens'));
  return Object.fromEntries(kept.filter((entry): entry is [string, string] => isToken(entry[1])));
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
