import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import type { ChatMessage } from '../protocol';
import { WeightStore } from '../storage/weightStore';
import { importModel, newDatabase } from '../testing/importing';
import { tinyFolder } from '../testing/tinyCheckpoint';
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
