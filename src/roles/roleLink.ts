import { ROLE_PREFIX } from './fragment';
import { readRole, type Role } from './role';

/** The longest role takes 26,000. */
const MAX_LENGTH = 32_000;

/** The fragment of an address that holds a role: its JSON in UTF-8 and URL-safe Base64 behind ROLE_PREFIX. */
export function roleFragment({ name, about, instructions, opening, sampling }: Role): string {
  const json = JSON.stringify({ name, about, instructions, opening, sampling });
  const bytes = Array.from(new TextEncoder().encode(json), (byte) => String.fromCharCode(byte)).join('');
  return ROLE_PREFIX + btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** The role in a fragment. Throws an Error that says what is wrong with it. */
export function roleInFragment(fragment: string): Role {
  const encoded = fragment.slice(ROLE_PREFIX.length);
  if (encoded.length > MAX_LENGTH) throw new Error(`it is longer than ${MAX_LENGTH} characters`);
  if (!/^[\w-]+$/.test(encoded)) throw new Error('it has characters that do not belong there');
  return readRole(parse(encoded));
}

function parse(encoded: string): unknown {
  try {
    const bytes = Uint8Array.from(atob(encoded.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new Error('it is cut off or damaged', { cause });
  }
}
