import { describe, expect, test } from 'vitest';
import type { ChatCompletionChunk } from './api';
import { beginningOf, ThoughtSplitter, withThoughts } from './thoughts';

type Beginning = ConstructorParameters<typeof ThoughtSplitter>[0];

/** What is certain after all pieces, and what it is once the text has ended. */
function split(pieces: Iterable<string>, begin: Beginning) {
  const splitter = new ThoughtSplitter(begin);
  const so = { thought: '', answer: '' };
  for (const piece of pieces) {
    const { thought, answer } = splitter.push(piece);
    so.thought += thought;
    so.answer += answer;
  }
  const rest = splitter.end();
  return { so, whole: { thought: so.thought + rest.thought, answer: so.answer + rest.answer } };
}

const TEXTS = [
  'Plain.',
  '  <think>\nfirst\n</think>\n\nThe answer, with </think> and <think>b</think> in it.',
  '<think></think>Empty thought',
  '<thinking is hard>',
  'a < b </think> c',
  '<think>1 </ 2 </thin </think > </think>\n  \n',
  '\n\n  <thi',
  '<think>never closed <think> </thin',
  '\n<think>\n先想一想……🙂</think>\n\n答案。',
];

describe.each(['start', 'thought', 'answer'] as const)('a text that begins in %s', (begin) => {
  test.each(TEXTS)('is the same streamed as at once, for every prefix: %j', (text) => {
    for (let length = 0; length <= text.length; length++) {
      const prefix = text.slice(0, length);
      const atOnce = split([prefix], begin);
      expect(split(prefix.split(''), begin)).toEqual(atOnce);
      for (const size of [2, 3, 7])
        expect(split(prefix.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [], begin)).toEqual(atOnce);
    }
  });

  test.each(TEXTS)('only ever grows: %j', (text) => {
    let before = { thought: '', answer: '' };
    for (let length = 0; length <= text.length; length++) {
      const { so } = split([text.slice(0, length)], begin);
      expect(so.thought.startsWith(before.thought) && so.answer.startsWith(before.answer)).toBe(true);
      before = so;
    }
  });
});

test('a thought is what stands between its marks at the beginning', () => {
  expect(split([TEXTS[1]!], 'start').whole).toEqual({
    thought: '\nfirst\n',
    answer: 'The answer, with </think> and <think>b</think> in it.',
  });
  expect(split(['why</think>\n\nso'], 'thought').whole).toEqual({ thought: 'why', answer: 'so' });
  expect(split(['<think>why</think>so'], 'thought').whole).toEqual({ thought: 'why', answer: 'so' });
  expect(split(['why'], 'thought').whole).toEqual({ thought: 'why', answer: '' });
  expect(split([' a < b'], 'start').whole).toEqual({ thought: '', answer: ' a < b' });
  expect(split(['<think>a</think>b'], 'answer').whole).toEqual({ thought: '', answer: '<think>a</think>b' });
});

test('where an answer begins is known from the template and from what is gone on with', () => {
  const opening = { canSwitch: true, opensWith: true, opensWithout: false };
  const asked = { messages: [{ role: 'user', content: '?' } as const] };
  expect(beginningOf({ ...asked, enable_thinking: true }, opening)).toBe('thought');
  expect(beginningOf({ ...asked, enable_thinking: false }, opening)).toBe('start');
  expect(beginningOf({ ...asked, enable_thinking: true }, null)).toBe('start');
  const goingOn = (content: string, reasoning_content?: string) => ({
    messages: [{ role: 'assistant', content, ...(reasoning_content && { reasoning_content }) } as const],
    continue_final_message: true,
  });
  expect(beginningOf(goingOn('', 'why'), opening)).toBe('thought');
  expect(beginningOf(goingOn('so', 'why'), opening)).toBe('answer');
  expect(beginningOf(goingOn('so'), opening)).toBe('answer');
});

test('chunks carry thoughts apart, and nothing is lost at the end', async () => {
  const chunk = (content: string | undefined, finish: 'stop' | null = null): ChatCompletionChunk => ({
    ...{ id: '', object: 'chat.completion.chunk', created: 0, model: '' },
    choices: [{ index: 0, delta: { content }, finish_reason: finish, logprobs: null }],
  });
  async function* answer() {
    for (const content of ['<thi', 'nk>why</th', 'ink>\n', '\nso']) yield chunk(content);
    yield chunk(undefined, 'stop');
  }
  const deltas = [];
  for await (const { choices } of withThoughts(answer(), new ThoughtSplitter('start'))) deltas.push(choices[0]!.delta);
  expect(deltas.map(({ content }) => content).join('')).toBe('so');
  expect(deltas.map(({ reasoning_content = '' }) => reasoning_content).join('')).toBe('why');
});
