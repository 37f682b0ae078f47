import { expect, test } from 'vitest';
import { sampleChat, samplePicture } from '../testing/sampleChat';
import { chatFileName, chatMarkdown } from './chatMarkdown';

test('a conversation becomes a document of its shown branch', () => {
  const chat = sampleChat(['Q\nmore', 'A', 'left out'], { instructions: 'Be brief.\nBe kind.', leafId: 1 });
  Object.assign(chat.messages[0]!, { pictures: [samplePicture('cat')] });
  expect(chatMarkdown(chat, { you: 'You', assistant: 'Assistant' })).toBe(
    '# Q\n\n> Be brief.\n> Be kind.\n\n## You\n\n*cat.png, 640 × 480*\n\nQ\nmore\n\n## Assistant\n\nA\n',
  );
});

test('its file is named after the conversation', () => {
  expect(chatFileName(sampleChat(['a/b: "c"?']))).toBe('a b c.md');
  expect(chatFileName(sampleChat([]))).toBe('chat.md');
});
