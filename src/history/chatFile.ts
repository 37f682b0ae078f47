import { knownSettings, type ChosenSettings } from '../app/chosenSettings';
import { picturesIn, type Chat, type ChatModel, type ChatSampling } from '../chat/chat';
import type { AssistantMessage, Message, Thought } from '../chat/message';
import { faultOf, SAMPLING_KEYS } from '../chat/sampling';
import { PICTURE_TYPES, type Picture, type PictureBytes } from '../pictures/picture';
import { readRole, type Role } from '../roles/role';
import { fromBase64, toBase64 } from './base64';
import { linesOf } from './linesOf';

/** What is saved beside conversations. Nothing that opens anything: no token, no passphrase. */
export interface Belongings {
  /** Those of the reader's own. */
  roles: Role[];
  settings: ChosenSettings;
}

/** What a file of conversations holds, as JSON. Older ones hold no belongings. */
interface ChatFile extends Partial<Belongings> {
  format: typeof FORMAT;
  version: typeof VERSION;
  /** ISO 8601. */
  exportedAt: string;
  chats: Chat[];
  /** The bytes of their pictures by id, in base64. */
  pictures: Record<string, string>;
}

const FORMAT = 'minicpm-chats';
const VERSION = 1;

/** The line that pictures follow in what `writeChatFile` writes, a line for each. */
const BEFORE_PICTURES = ' "pictures": {';

/**
 * All of `chats`, and what is `beside` them, as a file that `readChatFile` reads back unchanged, with those of their
 * pictures that `bytesOf` finds. It is made of parts, one for each conversation and picture: the whole may be longer than a
 * string can be, which in Chromium is 512 MB, and than what fits into memory.
 */
export async function writeChatFile(
  chats: readonly Chat[],
  bytesOf: (pictureId: string) => Promise<ArrayBuffer | undefined>,
  beside: Partial<Belongings> = {},
  now = new Date(),
): Promise<Blob> {
  const head: Omit<ChatFile, 'chats' | 'pictures'> = {
    format: FORMAT,
    version: VERSION,
    exportedAt: now.toISOString(),
    ...beside,
  };
  const parts = [new Blob([JSON.stringify(head, null, 1).replace(/\n}$/, ',\n "chats": [')])];
  let comma = '';
  for (const chat of chats) {
    parts.push(new Blob([comma, '\n  ', JSON.stringify(chat, null, 1).replaceAll('\n', '\n  ')]));
    comma = ',';
  }
  parts.push(new Blob(['\n ],\n', BEFORE_PICTURES]));
  comma = '';
  for (const id of new Set(chats.flatMap(picturesIn).map((picture) => picture.id))) {
    const bytes = await bytesOf(id);
    if (!bytes) continue;
    parts.push(new Blob([comma, `\n  ${JSON.stringify(id)}: "`, toBase64(bytes), '"']));
    comma = ',';
  }
  return new Blob([...parts, '\n }\n}\n']);
}

/** The conversations in a file, their pictures, and what is beside them. Rejects with an Error whose message says what is wrong, and where. */
export async function readChatFile(file: Blob): Promise<{ chats: Chat[]; pictures: PictureBytes } & Belongings> {
  const { json, pictures: taken } = await takeOutPictures(file);
  let read: unknown;
  try {
    read = JSON.parse(json);
  } catch (cause) {
    throw new Error('the file is not JSON', { cause });
  }
  const { format, version, chats, roles = [], settings = {}, pictures = {} } = objectAt(read, 'the file');
  if (format !== FORMAT) throw new Error(`the file is not an export of conversations ("format" is not "${FORMAT}")`);
  if (version !== VERSION) throw new Error(`the file is of version ${String(version)}, this app reads ${VERSION}`);
  if (!Array.isArray(chats)) throw new Error('"chats" is not a list');
  const all = chats.map((chat, i) => readChat(chat, `chats[${i}]`));
  const twice = all.find(({ id }, i) => all.findIndex((other) => other.id === id) < i);
  if (twice) throw new Error(`the conversation ${twice.id} is there twice`);
  const others = objectAt(pictures, 'pictures');
  for (const id of Object.keys(others)) taken.set(id, readBytes(id, stringAt(others, id, 'pictures')));
  const beside = { roles: readRoles(roles), settings: knownSettings(objectAt(settings, 'settings')) };
  return { chats: all, pictures: taken, ...beside };
}

/**
 * The text of a file without the pictures in it, each of which is decoded as it comes. Where the file is not laid out as
 * `writeChatFile` does it, they stay in the text, which a string must then hold.
 */
async function takeOutPictures(file: Blob): Promise<{ json: string; pictures: Map<string, ArrayBuffer> }> {
  const pictures = new Map<string, ArrayBuffer>();
  const rest: string[] = [];
  let isAmongPictures = false;
  for await (const line of linesOf(file)) {
    const start: RegExpExecArray | null = isAmongPictures ? /^ {2}"([^"\\]*)": "/.exec(line) : null;
    isAmongPictures = start !== null || line === BEFORE_PICTURES;
    if (start) pictures.set(start[1]!, readBytes(start[1]!, line.slice(start[0].length, line.lastIndexOf('"'))));
    else rest.push(line);
  }
  return { json: rest.join('\n'), pictures };
}

function readBytes(id: string, base64: string): ArrayBuffer {
  idAt({ id }, 'pictures');
  try {
    return fromBase64(base64);
  } catch (cause) {
    throw new Error(`pictures.${id} is damaged`, { cause });
  }
}

function readRoles(value: unknown): Role[] {
  if (!Array.isArray(value)) throw new Error('"roles" is not a list');
  return value.map((role, i) => {
    try {
      return readRole(role);
    } catch (cause) {
      throw new Error(`roles[${i}]: ${(cause as Error).message}`, { cause });
    }
  });
}

function readChat(value: unknown, at: string): Chat {
  const chat = objectAt(value, at);
  const id = idAt(chat, at);
  if (!Array.isArray(chat.messages)) throw new Error(`${at}.messages is not a list`);
  const messages: Message[] = [];
  const ids = new Set<number | null>([null]);
  for (const [i, item] of chat.messages.entries()) {
    const message = readMessage(item, `${at}.messages[${i}]`);
    if (message.id <= (messages.at(-1)?.id ?? -1)) throw new Error(`${at}.messages[${i}].id is not in order`);
    if (!ids.has(message.parentId)) throw new Error(`${at}.messages[${i}].parentId is no earlier message`);
    ids.add(message.id);
    messages.push(message);
  }
  const leafId = idOrNullAt(chat, 'leafId', at);
  if (!ids.has(leafId)) throw new Error(`${at}.leafId is no message`);
  return {
    id,
    name: stringAt(chat, 'name', at),
    isPinned: booleanAt(chat, 'isPinned', at),
    createdAt: numberAt(chat, 'createdAt', at),
    updatedAt: numberAt(chat, 'updatedAt', at),
    instructions: stringAt(chat, 'instructions', at),
    sampling: readSampling(chat.sampling, `${at}.sampling`),
    draft: stringAt(chat, 'draft', at),
    ...(chat.draftPictures !== undefined && { draftPictures: readPictures(chat.draftPictures, `${at}.draftPictures`) }),
    messages,
    leafId,
    firstSeenId: idOrNullAt(chat, 'firstSeenId', at),
    forgets: booleanAt(chat, 'forgets', at),
    ...(chat.thinks !== undefined && { thinks: booleanAt(chat, 'thinks', at) }),
    ...(chat.model !== undefined && { model: readModel(chat.model, `${at}.model`) }),
  };
}

function readModel(value: unknown, at: string): ChatModel {
  const model = objectAt(value, at);
  return { id: stringAt(model, 'id', at), name: stringAt(model, 'name', at) };
}

function readSampling(value: unknown, at: string): ChatSampling {
  const given = objectAt(value, at);
  const sampling: ChatSampling = {};
  for (const key of SAMPLING_KEYS) {
    if (given[key] === undefined) continue;
    sampling[key] = numberAt(given, key, at);
    const fault = faultOf(key, sampling[key]);
    if (fault) throw new Error(`${at}.${key} is ${fault}`);
  }
  return sampling;
}

function readMessage(value: unknown, at: string): Message {
  const message = objectAt(value, at);
  const id = numberAt(message, 'id', at);
  if (!Number.isSafeInteger(id) || id < 0) throw new Error(`${at}.id is not a whole number`);
  const inTree = { id, parentId: idOrNullAt(message, 'parentId', at), text: stringAt(message, 'text', at) };
  if (message.role === 'user') {
    const shows = message.pictures !== undefined && { pictures: readPictures(message.pictures, `${at}.pictures`) };
    return { ...inTree, role: 'user', ...shows };
  }
  if (message.role !== 'assistant') throw new Error(`${at}.role is neither "user" nor "assistant"`);
  return {
    ...inTree,
    role: 'assistant',
    state: oneOf(message.state, ['streaming', 'done', 'stopped', 'error'], `${at}.state`),
    cutOffBy: oneOf(message.cutOffBy, ['limit', 'context', null], `${at}.cutOffBy`),
    hasForgotten: booleanAt(message, 'hasForgotten', at),
    usage: message.usage === null ? null : readUsage(message.usage, `${at}.usage`),
    failure: message.failure === null ? null : readFailure(message.failure, `${at}.failure`),
    ...(message.thought !== undefined && { thought: readThought(message.thought, `${at}.thought`) }),
    ...(message.frames !== undefined && { frames: readPictures(message.frames, `${at}.frames`) }),
  };
}

function readThought(value: unknown, at: string): Thought {
  const thought = objectAt(value, at);
  return { text: stringAt(thought, 'text', at), seconds: numberAt(thought, 'seconds', at) };
}

function readPictures(value: unknown, at: string): Picture[] {
  if (!Array.isArray(value)) throw new Error(`${at} is not a list`);
  return value.map((item, i) => {
    const picture = objectAt(item, `${at}[${i}]`);
    return {
      id: idAt(picture, `${at}[${i}]`),
      name: stringAt(picture, 'name', `${at}[${i}]`),
      type: oneOf(picture.type, PICTURE_TYPES, `${at}[${i}].type`),
      width: numberAt(picture, 'width', `${at}[${i}]`),
      height: numberAt(picture, 'height', `${at}[${i}]`),
      maxSlices: picture.maxSlices === null ? null : countAt(picture, 'maxSlices', `${at}[${i}]`),
    };
  });
}

type Usage = NonNullable<AssistantMessage['usage']>;

function readUsage(value: unknown, at: string): Usage {
  const usage = objectAt(value, at);
  const number = (key: keyof Usage) => numberAt(usage, key, at);
  return {
    prompt_tokens: number('prompt_tokens'),
    completion_tokens: number('completion_tokens'),
    total_tokens: number('total_tokens'),
    cached_tokens: number('cached_tokens'),
    dropped_messages: number('dropped_messages'),
    context_full: booleanAt(usage, 'context_full', at),
    first_token_seconds: usage.first_token_seconds === null ? null : number('first_token_seconds'),
    prefill_seconds: number('prefill_seconds'),
    decode_seconds: number('decode_seconds'),
    tokens_per_second: number('tokens_per_second'),
    ...(usage.pictures !== undefined && { pictures: readPictureCounts(usage.pictures, `${at}.pictures`) }),
  };
}

function readPictureCounts(value: unknown, at: string): NonNullable<Usage['pictures']> {
  const counts = objectAt(value, at);
  return {
    encoded_tiles: numberAt(counts, 'encoded_tiles', at),
    reused_tiles: numberAt(counts, 'reused_tiles', at),
    encode_seconds: numberAt(counts, 'encode_seconds', at),
  };
}

function readFailure(value: unknown, at: string): NonNullable<AssistantMessage['failure']> {
  const failure = objectAt(value, at);
  const known = { name: stringAt(failure, 'name', at), detail: stringAt(failure, 'detail', at) };
  return failure.modelId === undefined ? known : { ...known, modelId: stringAt(failure, 'modelId', at) };
}

type Fields = Record<string, unknown>;

function objectAt(value: unknown, at: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${at} is not an object`);
  return value as Fields;
}

function stringAt(fields: Fields, key: string, at: string): string {
  const value = fields[key];
  if (typeof value !== 'string') throw new Error(`${at}.${key} is not text`);
  return value;
}

function numberAt(fields: Fields, key: string, at: string): number {
  const value = fields[key];
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Error(`${at}.${key} is not a number`);
  return value;
}

function countAt(fields: Fields, key: string, at: string): number {
  const value = numberAt(fields, key, at);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`${at}.${key} is not a count`);
  return value;
}

function idAt(fields: Fields, at: string): string {
  const id = stringAt(fields, 'id', at);
  if (!/^[\w-]{1,64}$/.test(id)) throw new Error(`${at}.id is not an id`);
  return id;
}

function booleanAt(fields: Fields, key: string, at: string): boolean {
  const value = fields[key];
  if (typeof value !== 'boolean') throw new Error(`${at}.${key} is neither true nor false`);
  return value;
}

function idOrNullAt(fields: Fields, key: string, at: string): number | null {
  return fields[key] === null ? null : numberAt(fields, key, at);
}

function oneOf<T>(value: unknown, choices: readonly T[], at: string): T {
  if (!choices.includes(value as T)) throw new Error(`${at} is none of ${choices.map(String).join(', ')}`);
  return value as T;
}
