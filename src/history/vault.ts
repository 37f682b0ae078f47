import type { ChatCodec } from './chatCodec';

/** AES-GCM output and its 12-byte nonce. */
interface Sealed {
  nonce: Uint8Array<ArrayBuffer>;
  data: ArrayBuffer;
}

/**
 * What is kept of a passphrase: the key of the records, sealed with a key that is derived from the passphrase. A changed
 * passphrase seals the same key anew, and no record.
 */
export interface Vault {
  salt: Uint8Array<ArrayBuffer>;
  iterations: number;
  key: Sealed;
}

/** OWASP's advice of 2023 for PBKDF2 with SHA-256: about half a second on a laptop. */
const ITERATIONS = 600_000;

const AES = { name: 'AES-GCM', length: 256 } as const;

/** A vault with a fresh key behind `passphrase`, and the codec that the key makes. */
export async function createVault(
  passphrase: string,
  iterations = ITERATIONS,
): Promise<{ vault: Vault; codec: ChatCodec }> {
  const raw = crypto.getRandomValues(new Uint8Array(AES.length / 8));
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const key = await seal(await passphraseKey(passphrase, salt, iterations), raw);
  return { vault: { salt, iterations, key }, codec: await sealingCodec(raw) };
}

/** The codec behind a vault, or null where the passphrase is another one. */
export async function openVault({ salt, iterations, key }: Vault, passphrase: string): Promise<ChatCodec | null> {
  const outer = await passphraseKey(passphrase, salt, iterations);
  // AES-GCM authenticates: a key that does not fit is found out here.
  const raw = await unseal(outer, key).catch(() => null);
  return raw && sealingCodec(raw);
}

async function sealingCodec(raw: BufferSource): Promise<ChatCodec> {
  const key = await crypto.subtle.importKey('raw', raw, AES, false, ['encrypt', 'decrypt']);
  return {
    encode: (record) => seal(key, new TextEncoder().encode(JSON.stringify(record))),
    decode: async (stored) => JSON.parse(new TextDecoder().decode(await unseal(key, stored as Sealed))) as unknown,
    encodeBytes: (bytes) => seal(key, bytes),
    decodeBytes: (stored) => unseal(key, stored as Sealed),
  };
}

async function passphraseKey(passphrase: string, salt: BufferSource, iterations: number): Promise<CryptoKey> {
  // The same passphrase typed with another keyboard may come in another Unicode form.
  const bytes = new TextEncoder().encode(passphrase.normalize('NFKC'));
  const base = await crypto.subtle.importKey('raw', bytes, 'PBKDF2', false, ['deriveKey']);
  const derivation = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations };
  return crypto.subtle.deriveKey(derivation, base, AES, false, ['encrypt', 'decrypt']);
}

async function seal(key: CryptoKey, bytes: BufferSource): Promise<Sealed> {
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  return { nonce, data: await crypto.subtle.encrypt({ name: AES.name, iv: nonce }, key, bytes) };
}

function unseal(key: CryptoKey, { nonce, data }: Sealed): Promise<ArrayBuffer> {
  return crypto.subtle.decrypt({ name: AES.name, iv: nonce }, key, data);
}
