import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import type { ChatMessage } from '../protocol/chat';
import { WeightStore } from '../storage/weightStore';
import { importModel, newDatabase } from '../testing/importing';
import { miniTokenizer } from '../testing/miniTokenizer';
import { tinyFolder } from '../testing/tinyCheckpoint';
import { Tokenizer } from '../tokenizer/tokenizer';
import { chatTokenIds } from './chatTokenIds';
import { loadModel } from './loadModel';

const question: ChatMessage = { role: 'user', content: 'a b c' };

test('an answer is gone on with behind the request for one, and not closed', async () => {
  const database = newDatabase();
  const { id } = await importModel(tinyFolder(), { database, quantization: 'f32' });
  const signal = new AbortController().signal;
  const session = await loadModel(new WeightStore(database), { backend: 'cpu' }, id, {}, () => {}, signal);
  const asked = session.tokenIdsOf({ messages: [question] });
  const answered: ChatMessage = { role: 'assistant', content: ' d e' };
  const goingOn = session.tokenIdsOf({ messages: [question, answered], continueFinalMessage: true });
  expect(goingOn.slice(0, asked.length)).toEqual(asked);
  expect(session.tokenizer.decode(goingOn)).toBe(`${session.tokenizer.decode(asked)} d e`);
  expect(() => session.tokenIdsOf({ messages: [question], continueFinalMessage: true })).toThrow(RangeError);
});

test('a thought is gone on with where it was cut, and closed before its answer', () => {
  const chatTemplate = '{{ messages[0].content }}:{% if enable_thinking %}<think>{% endif %}';
  const tokenizer = new Tokenizer({ ...miniTokenizer(), chatTemplate });
  const written = (content: string, enable_thinking: boolean, thought = 'ab') => {
    const answer: ChatMessage = { role: 'assistant', content, reasoning_content: thought };
    const templateOptions = { enable_thinking };
    const input = { messages: [question, answer], continueFinalMessage: true, templateOptions };
    return tokenizer.decode(chatTokenIds(tokenizer, input), { skipSpecialTokens: true });
  };
  expect(written('', true)).toBe('a b c:<think>ab');
  expect(written('c', true)).toBe('a b c:<think>ab</think>\n\nc');
  expect(written('', false)).toBe('a b c:<think>ab');
  expect(written('c', true, '')).toBe('a b c:<think>\n</think>\n\nc');
  expect(written('c', false, '')).toBe('a b c:c');
});
