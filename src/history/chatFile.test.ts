import { expect, test, vi } from 'vitest';
import type { Chat } from '../chat/chat';
import { sampleAnswer, sampleBytes, sampleChat, samplePicture } from '../testing/sampleChat';
import { readChatFile, writeChatFile, type Belongings } from './chatFile';

const branched: Chat = sampleChat(['Q', 'A'], {
  name: 'n',
  isPinned: true,
  instructions: 'Be brief.',
  sampling: { temperature: 0.5, top_k: 20 },
  thinks: true,
  model: { id: 'm', name: 'M' },
  draft: '…',
  forgets: true,
});
branched.messages.push({
  ...sampleAnswer({ id: 2, parentId: 0, text: 'B' }),
  state: 'error',
  failure: { name: 'X', detail: 'y' },
  thought: { text: 'why', seconds: 2.5 },
});
branched.leafId = 2;
const shown = samplePicture('p1', { maxSlices: 3 });
const pictured: Chat = sampleChat([], { draftPictures: [samplePicture('p2')] });
pictured.messages.push(
  { id: 0, parentId: null, role: 'user', text: 'Q', pictures: [shown] },
  { ...sampleAnswer({ id: 1, parentId: 0, text: 'A' }), frames: [samplePicture('p3', { name: '09:05:07' })] },
);
const pictures = new Map([
  ['p1', Uint8Array.from({ length: 100_000 }, (_, i) => i * 7).buffer],
  ['p2', sampleBytes('two')],
  ['p3', sampleBytes('three')],
]);

test('what was written is read back unchanged', async () => {
  const chats = [branched, sampleChat([]), pictured];
  for (const file of [await write(chats), new Blob([JSON.stringify(JSON.parse(await textOf(chats)))])]) {
    const read = await readChatFile(file);
    expect(read.chats).toEqual(chats);
    expect(bytesOf(read.pictures)).toEqual(bytesOf(pictures));
  }
});

test('roles and settings are read back, and from older files none', async () => {
  const role = { name: 'N', about: '', instructions: 'Be brief.', opening: '', sampling: { top_k: 20 } };
  const beside: Belongings = { roles: [role], settings: { theme: 'dark', textSize: 'large' } };
  const file = await writeChatFile([branched], async () => undefined, beside);
  expect(await readChatFile(file)).toEqual({ chats: [branched], pictures: new Map(), ...beside });
  expect(await readChatFile(await write([branched]))).toMatchObject({ roles: [], settings: {} });
});

test('of roles and settings only what the page knows is read', async () => {
  const role = { name: 'A\u202e', instructions: 'x', id: 'i', evil: 1 };
  const settings = { theme: 'dark', textSize: 'huge', motion: ['reduce'], hubTokens: '{}', language: null };
  const file = JSON.stringify({ format: 'minicpm-chats', version: 1, chats: [], roles: [role], settings });
  const read = await readChatFile(new Blob([file]));
  expect(read.roles).toEqual([{ name: 'A', about: '', instructions: 'x', opening: '', sampling: {} }]);
  expect(read.settings).toEqual({ theme: 'dark' });
});

test('no text holds more than one picture, for all of them may be longer than a string can be', async () => {
  const ids = Array.from({ length: 10 }, (_, i) => `p${i}`);
  const chat = sampleChat([], { draftPictures: ids.map((id) => samplePicture(id)) });
  const lengths: number[] = [];
  class MeasuredBlob extends Blob {
    constructor(parts: BlobPart[]) {
      super(parts);
      for (const part of parts) if (typeof part === 'string') lengths.push(part.length);
    }
  }
  vi.stubGlobal('Blob', MeasuredBlob);
  const parse = vi.spyOn(JSON, 'parse');
  const read = await readChatFile(await writeChatFile([chat], async () => new ArrayBuffer(90_000)));
  lengths.push(...parse.mock.calls.map(([text]) => text.length));
  vi.unstubAllGlobals();
  parse.mockRestore();
  expect(read.pictures.size).toBe(10);
  expect(Math.max(...lengths)).toBe(120_000);
});

test('fields that are not known are left out', async () => {
  const file = JSON.stringify({ format: 'minicpm-chats', version: 1, chats: [{ ...branched, evil: 1 }] });
  expect((await readChatFile(new Blob([file]))).chats).toEqual([branched]);
});

test.each<[string, (chat: Record<string, unknown>) => void, RegExp]>([
  ['an id that is none', (chat) => (chat.id = '../x'), /chats\[0\]\.id is not an id/],
  ['a draft that is no text', (chat) => (chat.draft = 1), /chats\[0\]\.draft is not text/],
  ['messages that are no list', (chat) => (chat.messages = {}), /messages is not a list/],
  ['a leaf that is no message', (chat) => (chat.leafId = 9), /leafId is no message/],
  ['a parent that comes later', (chat) => (messageOf(chat, 0).parentId = 1), /messages\[0\]\.parentId/],
  ['ids that are not in order', (chat) => (messageOf(chat, 1).id = 0), /messages\[1\]\.id is not in order/],
  ['an unknown role', (chat) => (messageOf(chat, 1).role = 'system'), /role is neither/],
  ['an unknown state', (chat) => (messageOf(chat, 1).state = 'odd'), /state is none of/],
  ['a count that is no number', (chat) => (messageOf(chat, 1).usage = {}), /usage\.prompt_tokens is not a number/],
  [
    'a temperature out of bounds',
    (chat) => (chat.sampling = { temperature: -1 }),
    /temperature is not between 0 and 2/,
  ],
  ['a thought that is none', (chat) => (messageOf(chat, 2).thought = 'why'), /messages\[2\]\.thought is not an object/],
  ['a model without a name', (chat) => (chat.model = { id: 'm' }), /model\.name is not text/],
  ['a temperature that is no number', (chat) => (chat.sampling = { temperature: '1' }), /sampling\.temperature/],
])('%s is refused by name', async (_, damage, message) => {
  const file = JSON.parse(await textOf([branched])) as { chats: Record<string, unknown>[] };
  damage(file.chats[0]!);
  await expect(readChatFile(new Blob([JSON.stringify(file)]))).rejects.toThrow(message);
});

test.each<[string, (picture: Record<string, unknown>) => void, RegExp]>([
  ['a picture that is a page', (picture) => (picture.type = 'text/html'), /pictures\[0\]\.type is none of/],
  ['a picture with a path for an id', (picture) => (picture.id = '../x'), /pictures\[0\]\.id is not an id/],
  ['half a slice', (picture) => (picture.maxSlices = 0.5), /maxSlices is not a count/],
])('%s is refused by name', async (_, damage, message) => {
  const file = JSON.parse(await textOf([pictured])) as { chats: Record<string, unknown>[] };
  damage((messageOf(file.chats[0]!, 0).pictures as Record<string, unknown>[])[0]!);
  await expect(readChatFile(new Blob([JSON.stringify(file)]))).rejects.toThrow(message);
});

test('a frame that is a page is refused by name', async () => {
  const file = JSON.parse(await textOf([pictured])) as { chats: Record<string, unknown>[] };
  messageOf(file.chats[0]!, 1).frames = [samplePicture('p3', { type: 'text/html' })];
  await expect(readChatFile(new Blob([JSON.stringify(file)]))).rejects.toThrow(/frames\[0\]\.type is none of/);
});

test.each([
  ['roles that are no list', '{"format":"minicpm-chats","version":1,"chats":[],"roles":{}}', /"roles" is not a list/],
  [
    'a role without a name',
    '{"format":"minicpm-chats","version":1,"chats":[],"roles":[{"opening":"x"}]}',
    /roles\[0\]: it has no name/,
  ],
  [
    'settings that are none',
    '{"format":"minicpm-chats","version":1,"chats":[],"settings":1}',
    /settings is not an object/,
  ],
  [
    'bytes that are no base64',
    JSON.stringify({ format: 'minicpm-chats', version: 1, chats: [], pictures: { a: '?' } }),
    /pictures\.a is damaged/,
  ],
  ['a picture that was damaged', (await textOf([pictured])).replace('"p2": "', '$&?'), /pictures\.p2 is damaged/],
  ['half a file', (await textOf([pictured])).slice(0, -1000), /not JSON/],
  ['no JSON', '{', /not JSON/],
  ['another format', '{"format":"x"}', /not an export of conversations/],
  ['a later version', '{"format":"minicpm-chats","version":2}', /version 2/],
  ['a list', '[]', /not an object/],
  ['one conversation twice', await textOf([branched, branched]), /twice/],
])('%s is refused', async (_, json, message) => {
  await expect(readChatFile(new Blob([json]))).rejects.toThrow(message);
});

function write(chats: readonly Chat[]): Promise<Blob> {
  return writeChatFile(chats, async (id) => pictures.get(id));
}

async function textOf(chats: readonly Chat[]): Promise<string> {
  return (await write(chats)).text();
}

function bytesOf(of: ReadonlyMap<string, ArrayBuffer>) {
  return [...of].sort().map(([id, data]) => [id, ...new Uint8Array(data)]);
}

function messageOf(chat: Record<string, unknown>, i: number): Record<string, unknown> {
  return (chat.messages as Record<string, unknown>[])[i]!;
}
