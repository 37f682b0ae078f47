import { expect, test } from 'vitest';
import { sampleChat, samplePicture } from '../testing/sampleChat';
import { chatFileName, chatMarkdown } from './chatMarkdown';

const labels = { you: 'You', assistant: 'Assistant', thought: 'Thoughts', frames: 'Pictures: {count}' };

test('a conversation becomes a document of its shown branch', () => {
  const chat = sampleChat(['Q\nmore', 'A', 'left out'], { instructions: 'Be brief.\nBe kind.', leafId: 1 });
  Object.assign(chat.messages[0]!, { pictures: [samplePicture('cat')] });
  expect(chatMarkdown(chat, labels)).toBe(
    '# Q\n\n> Be brief.\n> Be kind.\n\n## You\n\n*cat.png, 640 × 480*\n\nQ\nmore\n\n## Assistant\n\nA\n',
  );
});

test('a thought is quoted before its answer, without headings of its own', () => {
  const chat = sampleChat(['Q', 'A']);
  Object.assign(chat.messages[1]!, { thought: { text: '\n# Plan\nthink\n', seconds: 2 } });
  expect(chatMarkdown(chat, labels)).toBe(
    '# Q\n\n## You\n\nQ\n\n## Assistant\n\n> **Thoughts**\n> \n> \\# Plan\n> think\n\nA\n',
  );
});

test('the frames of a commentary are counted behind its text', () => {
  const chat = sampleChat(['Q', '**0:01** A cat.']);
  Object.assign(chat.messages[1]!, { frames: [samplePicture('a'), samplePicture('b')] });
  expect(chatMarkdown(chat, labels)).toMatch(/\n\n\*\*0:01\*\* A cat\.\n\n\*Pictures: 2\*\n$/);
});

test('its file is named after the conversation', () => {
  expect(chatFileName(sampleChat(['a/b: "c"?']))).toBe('a b c.md');
  expect(chatFileName(sampleChat([]))).toBe('chat.md');
});
