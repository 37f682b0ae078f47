import { beforeEach, expect, test } from 'vitest';
import type { Message } from '../chat/message';
import type { ModelInfo } from '../engine/api';
import { sampleAnswer, samplePicture } from '../testing/sampleChat';
import type { Picture } from './picture';
import { MOST_BYTES } from './pictureProblem';
import { MISSING_PICTURE, Pictures } from './pictures.svelte';

const seeing = { id: 'v', name: 'V', vision: true } as ModelInfo;
const blind = { id: 't', name: 'T', vision: false } as ModelInfo;

const engine = {
  loaded: null as ModelInfo | null,
  inspectPicture: async (file: Blob) => {
    const words = await file.text();
    if (words !== 'pixels') throw Object.assign(new Error(words), { name: 'InvalidFileError' });
    return { type: 'image/png', width: 3, height: 2, plans: [], secondsPerTile: null };
  },
};
const conversation = {
  id: 'chat',
  messages: [] as Message[],
  draftPictures: [] as Picture[],
  detach(pictureId: string) {
    this.draftPictures = this.draftPictures.filter(({ id }) => id !== pictureId);
    return !this.messages.some((message) => message.role === 'user' && message.pictures?.[0]?.id === pictureId);
  },
};
const kept = new Map<string, ArrayBuffer>();
const history = {
  keepPicture: (id: string, bytes: ArrayBuffer) => void kept.set(id, bytes),
  picture: async (id: string) => kept.get(id),
  dropPicture: async (id: string) => void kept.delete(id),
  flush: async () => undefined,
};
let pictures: Pictures;

beforeEach(() => {
  engine.loaded = seeing;
  Object.assign(conversation, { id: 'chat', messages: [], draftPictures: [] });
  kept.clear();
  pictures = new Pictures(engine, conversation, history);
});

const file = (name: string, words = 'pixels') => new File([words], name);
const names = () => conversation.draftPictures.map(({ name }) => name);

function shows(picture: Picture): Message {
  return { id: 0, parentId: null, role: 'user', text: 'Q', pictures: [picture] };
}

test('files become pictures of the draft, in their order, and their bytes are kept as they are', async () => {
  await Promise.all([pictures.attach([file('a'), file('b')]), pictures.attach([file('c')])]);
  expect(names()).toEqual(['a', 'b', 'c']);
  expect(pictures).toMatchObject({ taking: 0, problem: null, refusal: null });
  const [first] = conversation.draftPictures;
  expect(first).toMatchObject({ type: 'image/png', width: 3, height: 2, maxSlices: null });
  expect(new TextDecoder().decode(kept.get(first!.id))).toBe('pixels');
});

test.each([
  ['The file is no picture, or of a format other than JPEG.', 'notPicture'],
  ['The PNG picture is damaged or cut off.', 'damaged'],
  ['The HEIC picture is damaged, or this browser does not read the format.', 'unreadable'],
  ['The PNG picture has 20000 × 20000 pixels; at most 100 megapixels are read.', 'tooLarge'],
  ['a picture of 20000 × 10 pixels is too long and narrow for this model', 'tooNarrow'],
])('%s: said as %s, and the others are taken', async (words, problem) => {
  await pictures.attach([file('bad', words), file('good')]);
  expect(pictures.problem).toEqual({ name: problem, file: 'bad' });
  expect(names()).toEqual(['good']);
  expect(kept.size).toBe(1);
});

test('what was not taken is said in the conversation that it was for, and in no other', async () => {
  await pictures.attach([file('bad', 'The file is no picture.')]);
  expect(pictures.problem).not.toBeNull();
  pictures.leaveOthers();
  expect(pictures.problem).toBeNull();
  const attaching = pictures.attach([file('late', 'The file is no picture.')]);
  conversation.id = 'another chat';
  await attaching;
  expect(pictures.problem).toBeNull();
});

test('a file too large to be held in memory is not read', async () => {
  const large = Object.defineProperty(file('large'), 'size', { value: MOST_BYTES + 1 });
  await pictures.attach([large]);
  expect(pictures.problem).toEqual({ name: 'tooHeavy', file: 'large' });
});

test('what comes before a model is open waits for one', async () => {
  engine.loaded = null;
  await pictures.attach([file('shared')]);
  await pictures.resume();
  expect(names()).toEqual([]);
  engine.loaded = seeing;
  await pictures.resume();
  await pictures.resume();
  expect(names()).toEqual(['shared']);
});

test('a model that cannot see takes none, and is not sent what is there', async () => {
  engine.loaded = blind;
  await pictures.attach([file('a')]);
  expect(pictures.problem).toEqual({ name: 'cannotSee', file: 'a' });
  expect(pictures.refusal).toBeNull();
  conversation.messages = [shows(samplePicture('p'))];
  expect(new Pictures(engine, conversation, history).refusal).toMatchObject({ name: 'cannotSee' });
});

test('a model for one picture takes one in a conversation', async () => {
  engine.loaded = { ...seeing, mostPictures: 1 };
  await pictures.attach([file('a'), file('b')]);
  expect(names()).toEqual(['a']);
  expect(pictures).toMatchObject({ problem: { name: 'onlyOne', file: 'b' }, refusal: null });
  conversation.messages = [shows(samplePicture('p'))];
  expect(new Pictures(engine, conversation, history).refusal).toMatchObject({ name: 'onlyOne' });
});

test('frames of a commentary are nothing that a model must see, and have addresses while they are shown', async () => {
  engine.loaded = blind;
  const frame = samplePicture('frame');
  kept.set('frame', new ArrayBuffer(1));
  conversation.messages = [{ ...sampleAnswer({ id: 0, parentId: null, text: 'A cat.' }), frames: [frame] }];
  const others = new Pictures(engine, conversation, history);
  expect(others.refusal).toBeNull();
  const url = await others.urlOf(frame);
  others.leaveOthers();
  expect(await others.urlOf(frame)).toBe(url);
});

test('a file that is read while another conversation is opened goes into neither', async () => {
  const attached = pictures.attach([file('a')]);
  conversation.id = 'another';
  await attached;
  expect(names()).toEqual([]);
  expect(kept.size).toBe(0);
});

test('a removed picture is deleted, unless a message shows it too', async () => {
  await pictures.attach([file('a'), file('b')]);
  const [a, b] = conversation.draftPictures as [Picture, Picture];
  conversation.messages = [shows(b)];
  await pictures.remove(a);
  await pictures.remove(b);
  expect(names()).toEqual([]);
  expect([...kept.keys()]).toEqual([b.id]);
});

test('a picture has one address as long as it is shown, and none where its bytes are gone', async () => {
  await pictures.attach([file('a')]);
  const [a] = conversation.draftPictures as [Picture];
  const url = await pictures.urlOf(a);
  expect(url).toMatch(/^blob:/);
  expect(await pictures.urlOf(a)).toBe(url);
  await expect(pictures.urlOf(samplePicture('gone'))).rejects.toMatchObject({ name: MISSING_PICTURE });
  kept.set('gone', new ArrayBuffer(1));
  expect(await pictures.urlOf(samplePicture('gone'))).toMatch(/^blob:/);
  conversation.draftPictures = [];
  const others = new Pictures(engine, conversation, history);
  await others.urlOf(a);
  others.leaveOthers();
  expect(await others.urlOf(a)).not.toBe(url);
});

test('the detail of a picture is set for that one alone', async () => {
  await pictures.attach([file('a'), file('b')]);
  pictures.setDetail(conversation.draftPictures[1]!, 4);
  expect(conversation.draftPictures.map(({ maxSlices }) => maxSlices)).toEqual([null, 4]);
});
