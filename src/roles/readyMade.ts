import type { ChatSampling } from '../chat/chat';
import { READY_EN } from './readyMade.en';
import { READY_ZH } from './readyMade.zh';
import type { Language } from '../i18n/language';
import type { Role } from './role';

/** A role that the page brings along. */
export interface ReadyRole extends Role {
  id: ReadyId;
  group: ReadyGroup;
  /** It is about a picture. */
  needsEyes: boolean;
}

export type ReadyGroup = 'roles' | 'tasks';

/** The texts of a role in one language. */
export type ReadyTexts = Pick<Role, 'name' | 'about' | 'instructions' | 'opening'>;

interface ReadyFacts {
  id: string;
  group: ReadyGroup;
  sampling?: ChatSampling;
  needsEyes?: true;
}

/** Those that an empty conversation offers stand first in their group. */
const FACTS = [
  { id: 'captions', group: 'roles', sampling: { temperature: 1 } },
  { id: 'character', group: 'roles', sampling: { temperature: 0.9 } },
  { id: 'teacher', group: 'roles' },
  { id: 'listener', group: 'roles' },
  { id: 'interviewer', group: 'roles' },
  { id: 'opponent', group: 'roles' },
  { id: 'guide', group: 'roles' },
  { id: 'journal', group: 'tasks', sampling: { temperature: 0.9 } },
  { id: 'translation', group: 'tasks', sampling: { temperature: 0.3 } },
  { id: 'facts', group: 'tasks', sampling: { temperature: 0.2 } },
  { id: 'code', group: 'tasks', sampling: { temperature: 0.2 } },
  { id: 'nature', group: 'tasks', needsEyes: true },
  { id: 'reading', group: 'tasks', needsEyes: true, sampling: { temperature: 0.2 } },
  { id: 'summary', group: 'tasks', sampling: { temperature: 0.3 } },
  { id: 'polish', group: 'tasks' },
  { id: 'letter', group: 'tasks' },
  { id: 'plan', group: 'tasks' },
] as const satisfies readonly ReadyFacts[];

export type ReadyId = (typeof FACTS)[number]['id'];

const TEXTS: Record<Language, Record<ReadyId, ReadyTexts>> = { en: READY_EN, zh: READY_ZH };

/** The roles and tasks that the page brings along, in one language. */
export function readyRoles(language: Language): ReadyRole[] {
  return FACTS.map((facts: ReadyFacts & { id: ReadyId }) => ({
    ...TEXTS[language][facts.id],
    id: facts.id,
    group: facts.group,
    sampling: { ...facts.sampling },
    needsEyes: facts.needsEyes ?? false,
  }));
}
