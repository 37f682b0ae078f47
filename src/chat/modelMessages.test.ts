import { expect, test } from 'vitest';
import { sampleChat, samplePicture } from '../testing/sampleChat';
import { modelMessages } from './modelMessages';

test('of a commentary the model is shown the text, and none of the frames', async () => {
  const { messages } = sampleChat(['What is happening?', '**0:01** A cat.', 'Who came first?']);
  Object.assign(messages[1]!, { frames: [samplePicture('frame')] });
  const asked: string[] = [];
  const urlOf = async ({ id }: { id: string }) => `blob:${asked.push(id)}`;
  expect(await modelMessages('', messages, urlOf)).toEqual([
    { role: 'user', content: 'What is happening?' },
    { role: 'assistant', content: '**0:01** A cat.' },
    { role: 'user', content: 'Who came first?' },
  ]);
  expect(asked).toEqual([]);
});
