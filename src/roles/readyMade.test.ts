import { expect, test } from 'vitest';
import { readyRoles } from './readyMade';
import { readRole } from './role';
import { roleFragment, roleInFragment } from './roleLink';

test.each(['en', 'zh'] as const)('every ready-made role is one that could be kept and shared: %s', (language) => {
  for (const ready of readyRoles(language)) {
    const { id, group: _group, needsEyes: _needsEyes, ...role } = ready;
    expect(readRole(role), id).toEqual({ ...role, opening: role.opening.trim() });
    expect(roleInFragment(roleFragment(role)).instructions, id).toBe(role.instructions);
    for (const text of [role.name, role.about, role.instructions, role.opening]) expect(text, id).not.toBe('');
  }
});

test('names are unique, and no text is left in the other language', () => {
  const [en, zh] = [readyRoles('en'), readyRoles('zh')];
  for (const roles of [en, zh]) expect(new Set(roles.map(({ name }) => name)).size).toBe(roles.length);
  for (const [i, { id, name, about, instructions }] of en.entries()) {
    expect(`${name}${about}${instructions}`, id).not.toMatch(/\p{Script=Han}/u);
    expect(`${zh[i]!.name}${zh[i]!.about}${zh[i]!.instructions}`, id).toMatch(/^\p{Script=Han}/u);
  }
});
