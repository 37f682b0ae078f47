import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fakeLocalStorage } from '../testing/fakeLocalStorage';
import { MOST_ROLES, OwnRoles } from './ownRoles.svelte';
import type { Role } from './role';

const role = (name: string): Role => ({ name, about: '', instructions: 'Be brief.', opening: '', sampling: {} });
const names = ({ list }: OwnRoles) => list.map(({ name }) => name);

beforeEach(() => {
  vi.stubGlobal('localStorage', fakeLocalStorage());
  vi.stubGlobal('window', new EventTarget());
});

afterEach(() => vi.unstubAllGlobals());

test('of roles from elsewhere those are added that are not here yet, behind the others', () => {
  const own = new OwnRoles();
  own.keep(role('a'));
  own.keep(role('b'));
  const changed = { ...role('a'), sampling: { temperature: 0.5 } };
  expect(own.add([role('a'), changed, role('c'), role('c')])).toEqual({ added: 2, leftOut: 0 });
  expect(names(own)).toEqual(['b', 'a', 'a', 'c']);
  expect(new Set(own.list.map(({ id }) => id)).size).toBe(4);
  expect(own.add([changed, role('c')])).toEqual({ added: 0, leftOut: 0 });
  expect(names(new OwnRoles())).toEqual(['b', 'a', 'a', 'c']);
});

test('those without room are left out, and none that was here', () => {
  const own = new OwnRoles();
  own.keep(role('mine'));
  const many = Array.from({ length: MOST_ROLES + 1 }, (_, i) => role(`r${i}`));
  expect(own.add(many)).toEqual({ added: MOST_ROLES - 1, leftOut: 2 });
  expect(names(own)[0]).toBe('mine');
  expect(own.list).toHaveLength(MOST_ROLES);
});
