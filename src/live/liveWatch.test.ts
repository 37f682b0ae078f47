import { expect, test } from 'vitest';
import type { ChatCompletionChunk, ChatMessage } from '../engine/api';
import { LiveWatch, type Eye, type Inquiry } from './liveWatch.svelte';
import { GRID_SIDE } from './sceneChange';

function chunk(content: string, finish: 'stop' | 'aborted' | null = null): ChatCompletionChunk {
  const choice = { index: 0, delta: { content }, finish_reason: finish, logprobs: null } as const;
  return { id: '', object: 'chat.completion.chunk', created: 0, model: '', choices: [choice] };
}

const thumbnail = { url: 'data:,', width: 96, height: 72 };
const words = { before: 'Seen:', now: 'Now:' };
const inquiry = (text: string): Inquiry => ({ text, words, timeOf: ({ at }) => `${at / 1000} s` });

/** A watch over a scene of one brightness, with a clock, and a model whose answers the test writes. */
function watchOf(scene: { luma: number; isOver?: boolean }) {
  const clock = { now: 0 };
  const requests: {
    messages: ChatMessage[];
    signal: AbortSignal;
    say: (text: string) => void;
    fail: (name: string) => void;
  }[] = [];
  const watch = new LiveWatch(
    async ({ messages, signal }) => {
      const said = new Promise<string>((say, refuse) => {
        const fail = (name: string) => refuse(Object.assign(new Error(name), { name }));
        requests.push({ messages, signal, say, fail });
        signal.addEventListener('abort', () => fail('AbortError'));
      });
      return (async function* () {
        yield chunk(await said);
        yield chunk('', 'stop');
      })();
    },
    () => clock.now,
  );
  const eye: Eye = {
    position: null,
    luma: () => (scene.isOver ? null : new Uint8Array(GRID_SIDE ** 2).fill(scene.luma)),
    frame: async () => ({ url: `blob:scene-${scene.luma}`, thumbnail }),
  };
  watch.question = 'What is happening?';
  const lookAt = async (seconds: number) => {
    clock.now = seconds * 1000;
    watch.look();
    await settle();
  };
  const say = async (text: string) => {
    requests.at(-1)!.say(text);
    await settle();
  };
  return { watch, eye, requests, lookAt, say };
}

const settle = () => new Promise((resolve) => setTimeout(resolve));
const textOf = ({ messages }: { messages: ChatMessage[] }) => {
  const { content } = messages[0]!;
  return typeof content === 'string'
    ? content
    : content.map((part) => (part.type === 'text' ? part.text : '')).join('');
};
const picturesOf = ({ messages }: { messages: ChatMessage[] }) => {
  const { content } = messages[0]!;
  return typeof content === 'string'
    ? []
    : content.flatMap((part) => (part.type === 'image_url' ? [part.image_url.url] : []));
};

test('a remark at once, another when the scene has changed, and none for frames that come while one is written', async () => {
  const scene = { luma: 50 };
  const { watch, eye, requests, lookAt, say } = watchOf(scene);
  watch.start(eye);
  await lookAt(0);
  scene.luma = 120;
  await lookAt(1);
  scene.luma = 200;
  await lookAt(5);
  expect(requests).toHaveLength(1);
  await say('dark');
  expect(watch.entries).toMatchObject([{ text: 'dark', state: 'done', asked: null, at: 0, thumbnail }]);

  // A rest behind the remark, then what is there by then.
  await lookAt(6.5);
  expect(requests).toHaveLength(1);
  await lookAt(7);
  expect(requests.map(picturesOf)).toEqual([['blob:scene-50'], ['blob:scene-200']]);
  expect(requests.map(textOf)).toEqual(['What is happening?', 'What is happening?']);
  await say('bright');
  await lookAt(60);
  expect(requests).toHaveLength(2);
});

test('every so many seconds, less often on a low battery, whether or not the scene changes', async () => {
  const { watch, eye, requests, lookAt, say } = watchOf({ luma: 50 });
  watch.cadence = 5;
  watch.start(eye);
  for (const [seconds, count] of [
    [0, 1],
    [4.9, 1],
    [5, 2],
  ] as const) {
    await lookAt(seconds);
    await say('still');
    expect(requests).toHaveLength(count);
  }
  watch.thrift = 'much';
  await lookAt(24.9);
  expect(requests).toHaveLength(2);
  await lookAt(25);
  expect(requests).toHaveLength(3);
});

test('nothing is looked at while it is paused, hidden or stopped; a stop cuts what is being written', async () => {
  const scene = { luma: 50 };
  const { watch, eye, requests, lookAt, say } = watchOf(scene);
  watch.start(eye);
  watch.pause();
  await lookAt(0);
  watch.goOn();
  watch.isHidden = true;
  await lookAt(10);
  expect(requests).toHaveLength(0);
  watch.isHidden = false;
  await lookAt(20);
  await say('one');
  watch.pause();
  watch.goOn();
  // Whoever goes on wants to hear something, of the same scene, too.
  await lookAt(21);
  expect(requests).toHaveLength(2);
  watch.stop();
  await settle();
  expect(requests[1]!.signal.aborted).toBe(true);
  expect(watch.entries.map(({ text }) => text)).toEqual(['one']);
  expect(watch.failure).toBeNull();
  await lookAt(90);
  expect(requests).toHaveLength(2);
});

test('a question in between cuts a remark short and is answered from commentary and frame', async () => {
  const scene: { luma: number; isOver?: boolean } = { luma: 50 };
  const { watch, eye, requests, lookAt, say } = watchOf(scene);
  watch.start(eye);
  await lookAt(0);
  await say('A cat\nsleeps.');
  scene.luma = 200;
  await lookAt(9);
  const answered = watch.ask(inquiry(' Where is the cat? '));
  await settle();
  expect(requests[1]!.signal.aborted).toBe(true);
  expect(picturesOf(requests[2]!)).toEqual(['blob:scene-200']);
  expect(textOf(requests[2]!)).toBe('Seen:\n0 s A cat sleeps.\n\nNow:\n\nWhere is the cat?');
  await lookAt(30);
  expect(requests).toHaveLength(3);
  await say('It has gone.');
  expect(await answered).toBe(true);
  expect(watch.entries.map(({ asked, text }) => [asked, text])).toEqual([
    [null, 'A cat\nsleeps.'],
    ['Where is the cat?', 'It has gone.'],
  ]);

  // Once it has stopped, the commentary alone answers.
  watch.stop();
  void watch.ask(inquiry('Who slept?'));
  await settle();
  expect(picturesOf(requests[3]!)).toEqual([]);
  expect(textOf(requests[3]!)).toContain('Where is the cat? → It has gone.\n\nWho slept?');
});

test('a commentary that the context has no room for loses its older half', async () => {
  const { watch, eye, requests, lookAt, say } = watchOf({ luma: 50 });
  watch.cadence = 5;
  watch.start(eye);
  for (const [i, text] of ['one', 'two', 'three'].entries()) {
    await lookAt(5 * i);
    await say(text);
  }
  void watch.ask(inquiry('Which?'));
  await settle();
  requests.at(-1)!.fail('ContextFullError');
  await settle();
  expect(requests.slice(-2).map(textOf)).toEqual([
    'Seen:\n0 s one\n5 s two\n10 s three\n\nNow:\n\nWhich?',
    'Seen:\n10 s three\n\nNow:\n\nWhich?',
  ]);
  await say('The third.');
  expect(watch.entries.map(({ text }) => text)).toEqual(['one', 'two', 'three', 'The third.']);
});

test('a failure pauses and is told; going on tries again', async () => {
  const { watch, eye, requests, lookAt } = watchOf({ luma: 50 });
  watch.start(eye);
  await lookAt(0);
  requests[0]!.fail('DeviceLostError');
  await settle();
  expect(watch.failure?.name).toBe('DeviceLostError');
  expect(watch.status).toBe('paused');
  expect(watch.entries).toEqual([]);
  watch.goOn();
  await lookAt(1);
  expect(watch.failure).toBeNull();
  expect(requests).toHaveLength(2);

  const answered = watch.ask(inquiry('Still there?'));
  await settle();
  requests[2]!.fail('DeviceLostError');
  expect(await answered).toBe(false);
});
