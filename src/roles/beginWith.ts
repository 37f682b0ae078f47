import type { Conversation } from '../chat/conversation.svelte';
import { readyRoles } from './readyMade';
import type { Role } from './role';

/**
 * Begins a conversation with a role. The one that is shown stays as it is where anything is in it: messages, or
 * instructions that are of none of the reader's `own` roles and of none that is ready-made, and so were typed. What is
 * typed and not yet sent comes along.
 */
export function beginWith(conversation: Conversation, role: Role, own: readonly Role[]): void {
  const roles = [...own, ...readyRoles('en'), ...readyRoles('zh')];
  const { instructions } = conversation.settings;
  const isOfRole = instructions.trim() === '' || roles.some((known) => known.instructions === instructions);
  const isOpening = roles.some(({ opening }) => opening === conversation.draft);
  if (conversation.messages.length > 0 || !isOfRole) conversation.newChat();
  conversation.configure({ instructions: role.instructions, sampling: { ...role.sampling } });
  if (isOpening || conversation.draft.trim() === '') conversation.draft = role.opening;
}
