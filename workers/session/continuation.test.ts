import 'fake-indexeddb/auto';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { ChatMessage } from '../protocol/chat';
import { WeightStore } from '../storage/weightStore';
import { importModel, newDatabase } from '../testing/importing';
import { loadModel } from './loadModel';

const NANO = 'public/models/nano';
const question: ChatMessage = { role: 'user', content: 'Who are you?' };

test('an answer that was cut anywhere between two words goes on as if it had not been', async () => {
  const files = readdirSync(NANO).map((name) => new File([readFileSync(`${NANO}/${name}`)], name));
  const database = newDatabase();
  const { id } = await importModel(files, { database, quantization: 'auto' });
  const { signal } = new AbortController();
  const session = await loadModel(new WeightStore(database), { backend: 'cpu' }, id, {}, () => {}, signal);
  const answer = async (begun: string) => {
    const messages: ChatMessage[] = begun === '' ? [question] : [question, { role: 'assistant', content: begun }];
    let text = '';
    const input = { messages, continueFinalMessage: begun !== '' };
    await session.generate(input, { temperature: 0 }, (token) => (text += token.text), signal);
    return text;
  };
  const whole = await answer('');
  const words = whole.split(' ');
  expect(words.length).toBeGreaterThan(5);
  const cuts = words.slice(1).map((_, i) => words.slice(0, i + 1).join(' '));
  for (const cut of cuts) expect(cut + (await answer(cut))).toBe(whole);
  await session.dispose();
});
