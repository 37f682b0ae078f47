import { describe, expect, test } from 'vitest';
import { ROLE_LIMITS, type Role } from './role';
import { holdsRole } from './fragment';
import { roleFragment, roleInFragment } from './roleLink';

const role: Role = {
  name: '深夜文案 🌙',
  about: 'Short lines',
  instructions: 'You write.\n\tQuietly.\n<script>alert(1)</script>',
  opening: '今晚……',
  sampling: { temperature: 1.1, top_k: 20 },
};

const fragment = (value: unknown) => `#role=${Buffer.from(JSON.stringify(value)).toString('base64url')}`;

test('a role comes back from its link as it was', () => {
  const link = roleFragment(role);
  expect(link).toMatch(/^#role=[\w-]+$/);
  expect(holdsRole(link)).toBe(true);
  expect(roleInFragment(link)).toEqual(role);
});

test('the longest role fits into a link', () => {
  const longest = {
    name: '长'.repeat(ROLE_LIMITS.name),
    about: '长'.repeat(ROLE_LIMITS.about),
    instructions: '长'.repeat(ROLE_LIMITS.instructions),
    opening: '长'.repeat(ROLE_LIMITS.opening),
    sampling: {},
  };
  expect(roleInFragment(roleFragment(longest))).toEqual(longest);
});

test('fields that are not known are left out', () => {
  const read = roleInFragment(fragment({ ...role, id: 'x', __proto__: { evil: 1 }, constructor: 1 }));
  expect(read).toEqual(role);
  expect(Object.keys(read)).toEqual(['name', 'about', 'instructions', 'opening', 'sampling']);
});

test('what cannot be seen is taken out', () => {
  const hidden = '\u{e0049}\u{e0067}\u{e006e}\u202e\u2066\u0000\u001b\u200f\ud800';
  const read = roleInFragment(
    fragment({ ...role, name: `A${hidden}\n B`, instructions: `one${hidden}\r\ntwo\n`, opening: hidden }),
  );
  expect(read).toMatchObject({ name: 'A B', instructions: 'one\ntwo', opening: '' });
});

describe('a link that is refused', () => {
  test.each<[string, string]>([
    ['nothing', '#role='],
    ['other characters', '#role=<img src=x>'],
    ['half of it', roleFragment(role).slice(0, -9)],
    ['no UTF-8', `#role=${Buffer.from([0xff, 0xfe, 0x22]).toString('base64url')}`],
    ['a list', fragment([role])],
    ['null', fragment(null)],
    ['no name', fragment({ ...role, name: '\u202e ' })],
    ['nothing to say', fragment({ name: 'x' })],
    ['a name that is none', fragment({ ...role, name: { toString: 'x' } })],
    ['a long name', fragment({ ...role, name: 'x'.repeat(ROLE_LIMITS.name + 1) })],
    ['long instructions', fragment({ ...role, instructions: 'x'.repeat(ROLE_LIMITS.instructions + 1) })],
    ['an endless text', `#role=${'A'.repeat(40_000)}`],
    ['a temperature out of bounds', fragment({ ...role, sampling: { temperature: 99 } })],
    ['a setting that is no number', fragment({ ...role, sampling: { top_p: '1' } })],
    ['settings that are none', fragment({ ...role, sampling: 3 })],
    ['a deep nest', fragment({ ...role, sampling: { top_k: [[[[[[1]]]]]] } })],
  ])('%s', (_, link) => {
    expect(() => roleInFragment(link)).toThrow(/^(it|not|its) /);
  });
});
