import type { Chat, ChatModel, ChatSampling } from '../chat/chat';
import type { AssistantMessage, Message, Thought } from '../chat/message';
import { faultOf, SAMPLING_KEYS } from '../chat/sampling';

/** What a file of conversations holds, as JSON. */
interface ChatFile {
  format: typeof FORMAT;
  version: typeof VERSION;
  /** ISO 8601. */
  exportedAt: string;
  chats: Chat[];
}

const FORMAT = 'minicpm-chats';
const VERSION = 1;

/** All of `chats` as a file that `readChatFile` reads back unchanged. */
export function writeChatFile(chats: readonly Chat[], now = new Date()): string {
  const file: ChatFile = { format: FORMAT, version: VERSION, exportedAt: now.toISOString(), chats: [...chats] };
  return JSON.stringify(file, null, 1);
}

/** The conversations in a file. Throws an Error whose message says what is wrong, and where. */
export function readChatFile(json: string): Chat[] {
  let file: unknown;
  try {
    file = JSON.parse(json);
  } catch (cause) {
    throw new Error('the file is not JSON', { cause });
  }
  const { format, version, chats } = objectAt(file, 'the file');
  if (format !== FORMAT) throw new Error(`the file is not an export of conversations ("format" is not "${FORMAT}")`);
  if (version !== VERSION) throw new Error(`the file is of version ${String(version)}, this app reads ${VERSION}`);
  if (!Array.isArray(chats)) throw new Error('"chats" is not a list');
  const read = chats.map((chat, i) => readChat(chat, `chats[${i}]`));
  const twice = read.find(({ id }, i) => read.findIndex((other) => other.id === id) < i);
  if (twice) throw new Error(`the conversation ${twice.id} is there twice`);
  return read;
}

function readChat(value: unknown, at: string): Chat {
  const chat = objectAt(value, at);
  const id = stringAt(chat, 'id', at);
  if (!/^[\w-]{1,64}$/.test(id)) throw new Error(`${at}.id is not an id`);
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
  if (message.role === 'user') return { ...inTree, role: 'user' };
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
  };
}

function readThought(value: unknown, at: string): Thought {
  const thought = objectAt(value, at);
  return { text: stringAt(thought, 'text', at), seconds: numberAt(thought, 'seconds', at) };
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
