import { describe, expect, test } from 'vitest';
import { createStopMatcher } from './stopStrings';

/** Pushes the parts and returns all that was emitted, and whether it stopped. */
function run(stops: string[], parts: string[]): { text: string; stopped: boolean } {
  const matcher = createStopMatcher(stops);
  let text = '';
  for (const part of parts) {
    const { emit, stopped } = matcher.push(part);
    text += emit;
    if (stopped) return { text, stopped };
  }
  return { text: text + matcher.end(), stopped: false };
}

/** Every way to cut `text` into two, and into single characters. */
function cuts(text: string): string[][] {
  const pairs = Array.from({ length: text.length + 1 }, (_, at) => [text.slice(0, at), text.slice(at)]);
  return [...pairs, text.split('')];
}

describe('createStopMatcher', () => {
  test.each([
    ['one stop string', ['<AI>'], 'hello<AI>rest', 'hello', true],
    ['none occurs', ['<AI>'], 'a < b <A <AI', 'a < b <A <AI', false],
    ['several, the second comes first', ['END', 'STOP'], 'a STOP b END', 'a ', true],
    ['one inside another: the one complete first', ['abcdef', 'cd'], 'xabcdef', 'xab', true],
    ['one is the end of another: the longer', ['cd', 'abcd'], 'xabcd', 'x', true],
    ['one begins another: the shorter', ['ab', 'abc'], 'xabc', 'x', true],
    ['a false start that holds the true one', ['aab'], 'aaaab', 'aa', true],
    ['at the very start', ['\n\n'], '\n\nx', '', true],
    ['Chinese', ['<用户>', '<AI>'], '好<用<用户>', '好<用', true],
    ['no stop strings', [], 'abc', 'abc', false],
    ['an empty stop string is ignored', [''], 'abc', 'abc', false],
  ])('%s, however the text is cut', (_, stops, text, expected, stopped) => {
    for (const parts of cuts(text)) expect(run(stops, parts), parts.join('|')).toEqual({ text: expected, stopped });
  });

  test('holds back what may begin a stop string, and no more', () => {
    const matcher = createStopMatcher(['<AI>']);
    expect(matcher.push('ab<A')).toEqual({ emit: 'ab', stopped: false });
    expect(matcher.isHolding).toBe(true);
    expect(matcher.push('B')).toEqual({ emit: '<AB', stopped: false });
    expect(matcher.isHolding).toBe(false);
    expect(matcher.push('<')).toEqual({ emit: '', stopped: false });
    expect(matcher.end()).toBe('<');
    expect(matcher.end()).toBe('');
  });

  test('says nothing after a stop', () => {
    const matcher = createStopMatcher(['x']);
    expect(matcher.push('axb')).toEqual({ emit: 'a', stopped: true });
    expect(matcher.isHolding).toBe(false);
    expect(matcher.push('c')).toEqual({ emit: '', stopped: true });
    expect(matcher.end()).toBe('');
  });
});
