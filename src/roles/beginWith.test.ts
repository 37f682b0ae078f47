import { expect, test } from 'vitest';
import { Conversation } from '../chat/conversation.svelte';
import { sampleChat } from '../testing/sampleChat';
import { beginWith } from './beginWith';

const role = { name: 'R', about: '', instructions: 'Be R.', opening: 'Hello R', sampling: { temperature: 1 } };
const other = { ...role, name: 'O', instructions: 'Be O.', opening: 'Hello O', sampling: {} };

function conversation() {
  return new Conversation(
    () => Promise.reject(new Error('unused')),
    () => 'stop',
  );
}

test('an empty conversation takes a role, and another one in its place', () => {
  const chat = conversation();
  const { id } = chat;
  beginWith(chat, role, [role, other]);
  expect(chat).toMatchObject({
    id,
    draft: 'Hello R',
    settings: { instructions: 'Be R.', sampling: { temperature: 1 } },
  });
  beginWith(chat, other, [role, other]);
  expect(chat).toMatchObject({ id, draft: 'Hello O', settings: { instructions: 'Be O.', sampling: {} } });
});

test('what was typed is not lost: neither a draft nor instructions nor messages', () => {
  const chat = conversation();
  chat.draft = 'half a thought';
  chat.configure({ instructions: 'Mine.' });
  const { id } = chat;
  beginWith(chat, role, [role]);
  expect(chat.id).not.toBe(id);
  expect(chat).toMatchObject({ draft: 'half a thought', settings: { instructions: 'Be R.' } });
  chat.open(sampleChat(['Q', 'A']));
  beginWith(chat, role, [role]);
  expect(chat).toMatchObject({ messages: [], draft: 'Hello R', settings: { instructions: 'Be R.' } });
});
