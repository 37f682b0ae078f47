import { expect, test, vi } from 'vitest';
import { SHORTCUTS, shortcutFor } from './shortcuts';

/** An element that is, or lies in, what the selectors name. */
class FakeElement {
  readonly #inside: string | null;
  constructor(inside: string | null) {
    this.#inside = inside;
  }
  closest(selectors: string): FakeElement | null {
    return this.#inside !== null && selectors.split(', ').includes(this.#inside) ? this : null;
  }
}
vi.stubGlobal('Element', FakeElement);

const press = (key: string, changes: object = {}) =>
  shortcutFor({
    key,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    isComposing: false,
    defaultPrevented: false,
    target: new FakeElement(null) as never,
    ...changes,
  });

test('each key has one meaning, with caps lock too', () => {
  expect(new Set(SHORTCUTS.map(({ key }) => key)).size).toBe(SHORTCUTS.length);
  expect(press('n')).toBe('newChat');
  expect(press('N')).toBe('newChat');
  expect(press('?')).toBe('help');
  expect(press('x')).toBeNull();
});

test('what is typed, or pressed together with other keys, means nothing', () => {
  for (const place of ['input', 'textarea', 'select', '[contenteditable]', 'dialog'])
    expect(press('n', { target: new FakeElement(place) })).toBeNull();
  for (const held of ['ctrlKey', 'metaKey', 'altKey', 'isComposing', 'defaultPrevented'])
    expect(press('n', { [held]: true })).toBeNull();
});
