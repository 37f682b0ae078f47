import { faultOf, SAMPLING_KEYS } from '../chat/sampling';
import type { ChatSampling } from '../chat/chat';

/** What a conversation can begin with: who the model is to be, or what it is to do. */
export interface Role {
  name: string;
  /** One line about it. */
  about: string;
  /** What the model is told before the conversation. */
  instructions: string;
  /** A first message for the reader to complete and send; '' for none. */
  opening: string;
  sampling: ChatSampling;
}

/** The most characters of each text. */
export const ROLE_LIMITS = { name: 60, about: 160, instructions: 4000, opening: 2000 } as const;

/**
 * A role out of untrusted data: texts without what cannot be seen, within their limits; settings within their bounds.
 * Throws an Error that says what is wrong.
 */
export function readRole(value: unknown): Role {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not an object');
  const fields = value as Record<string, unknown>;
  const role: Role = {
    name: line(text(fields, 'name')),
    about: line(text(fields, 'about')),
    instructions: visible(text(fields, 'instructions')).trim(),
    opening: visible(text(fields, 'opening')).trim(),
    sampling: readSampling(fields.sampling ?? {}),
  };
  if (role.name === '') throw new Error('it has no name');
  if (role.instructions === '' && role.opening === '')
    throw new Error('it has neither instructions nor a first message');
  return role;
}

/** Each of `roles` once, but for those of which the same is `known`. */
export function unknownRoles(roles: readonly Role[], known: readonly Role[]): Role[] {
  const contents = new Set(known.map(contentOf));
  return roles.map(readRole).filter((role) => contents.size < contents.add(contentOf(role)).size);
}

/** All that a reader sees of a role. */
function contentOf(role: Role): string {
  return JSON.stringify(readRole(role));
}

function text(fields: Record<string, unknown>, key: keyof typeof ROLE_LIMITS): string {
  const value = fields[key] ?? '';
  if (typeof value !== 'string') throw new Error(`its ${key} is not text`);
  if (value.length > ROLE_LIMITS[key]) throw new Error(`its ${key} is longer than ${ROLE_LIMITS[key]} characters`);
  return value;
}

function readSampling(value: unknown): ChatSampling {
  if (typeof value !== 'object' || value === null) throw new Error('its settings are not an object');
  const given = value as Record<string, unknown>;
  const sampling: ChatSampling = {};
  for (const key of SAMPLING_KEYS) {
    const setting = given[key];
    if (setting === undefined) continue;
    const fault = typeof setting === 'number' ? faultOf(key, setting) : 'not a number';
    if (fault !== null) throw new Error(`its ${key} is ${fault}`);
    sampling[key] = setting as number;
  }
  return sampling;
}

/**
 * What would be told to the model without being seen, or would be seen in another order than it is told: control
 * characters, marks that turn the direction of writing, and the invisible copies of ASCII.
 */
const UNSEEN = /[^\P{Cc}\n\t]|[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

function visible(value: string): string {
  return value.replace(/\r\n?/g, '\n').replace(UNSEEN, '');
}

function line(value: string): string {
  return visible(value).replace(/\s+/g, ' ').trim();
}
