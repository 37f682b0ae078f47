import { recall, remember } from '../app/remembered';
import { randomId } from '../engine/randomId';
import { readRole, unknownRoles, type Role } from './role';

/** A role of the reader's own. */
export interface OwnRole extends Role {
  id: string;
}

/** The most roles that are kept, which is what a localStorage of 5 MB has room for beside everything else. */
export const MOST_ROLES = 100;

/** The roles that the reader has written or taken over; kept on this device, the latest first. */
export class OwnRoles {
  list = $state.raw<OwnRole[]>(stored());
  /** What was removed last and can still come back. */
  removed = $state.raw<OwnRole | null>(null);
  /** False where the last change could not be kept, for lack of room or of permission. */
  isKept = $state(true);

  readonly isFull = $derived(this.list.length >= MOST_ROLES);

  constructor() {
    // What another tab has changed.
    window.addEventListener('storage', () => (this.list = stored()));
  }

  /** Keeps a role under its id, or under a new one. Throws an Error where it is none. */
  keep(role: Role, id: string = randomId()): void {
    const own: OwnRole = { ...readRole(role), id };
    const isKnown = this.list.some((other) => other.id === id);
    this.#write((list) => (isKnown ? list.map((other) => (other.id === id ? own : other)) : [own, ...list]));
  }

  /** Keeps those roles that are not here yet, behind the others, as far as there is room. */
  add(roles: readonly Role[]): { added: number; leftOut: number } {
    const outcome = { added: 0, leftOut: 0 };
    this.#write((list) => {
      const others = unknownRoles(roles, list);
      outcome.added = Math.min(others.length, MOST_ROLES - list.length);
      outcome.leftOut = others.length - outcome.added;
      return [...list, ...others.map((role) => ({ ...role, id: randomId() }))];
    });
    return outcome;
  }

  /** Removes a role; `restore` brings back the one removed last. */
  remove(id: string): void {
    this.removed = this.list.find((role) => role.id === id) ?? null;
    this.#write((list) => list.filter((role) => role.id !== id));
  }

  restore(): void {
    const { removed } = this;
    if (!removed) return;
    this.removed = null;
    this.#write((list) => [removed, ...list]);
  }

  /** Another tab may have written since: its roles are not lost. */
  #write(change: (list: OwnRole[]) => OwnRole[]): void {
    const list = change(this.isKept ? stored() : this.list).slice(0, MOST_ROLES);
    const json = JSON.stringify(list);
    remember('roles', json);
    this.isKept = recall('roles') === json;
    this.list = list;
  }
}

/** What is kept and still makes sense. */
function stored(): OwnRole[] {
  try {
    const list: unknown = JSON.parse(recall('roles') ?? '[]');
    return Array.isArray(list) ? list.flatMap(readOwn) : [];
  } catch {
    return [];
  }
}

function readOwn(value: unknown): OwnRole[] {
  try {
    const role = readRole(value);
    const { id } = value as { id?: unknown };
    return [{ ...role, id: typeof id === 'string' ? id : randomId() }];
  } catch {
    return [];
  }
}
