import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** Styles say start and end, so that the page turns round for languages that are written from right to left. */

const PHYSICAL = [
  /\b(?:margin|padding|border)-(?:left|right)\b/,
  /^\s*(?:left|right):/,
  /\b(?:text-align|float|clear):\s*(?:left|right)\b/,
  /\bborder-(?:top|bottom)-(?:left|right)-radius\b/,
];
/** Four values whose second and fourth, or of corners the neighbours, differ. Safe areas are where the screen has them. */
const FOUR = /^\s*(margin|padding|inset|border-radius):\s*(\S+) (\S+) (\S+) ([^\s;]+);/;

function isPhysical(line: string): boolean {
  if (PHYSICAL.some((pattern) => pattern.test(line))) return true;
  const [, property, first, second, third, fourth] = FOUR.exec(line) ?? [];
  if (property === undefined || line.includes('env(')) return false;
  return property === 'border-radius' ? first !== second || third !== fourth : second !== fourth;
}

const styles = (readdirSync('src', { recursive: true }) as string[])
  .filter((file) => /\.(svelte|css)$/.test(file))
  .flatMap((file) => {
    const text = readFileSync(join('src', file), 'utf8');
    const css = file.endsWith('.css') ? text : (/<style>([\s\S]*)<\/style>/.exec(text)?.[1] ?? '');
    // Columns of a table are aligned as its author says.
    const own = css.replace(/[^{}]*\[data-align[^{}]*\{[^{}]*\}/g, '');
    return own.split('\n').map((line) => ({ file, line }));
  });

test('the rule knows what it forbids', () => {
  const forbidden = ['  margin-left: 1px;', '  right: 0;', '  text-align: left;', '  padding: 1px 2px 1px 3px;'];
  for (const line of [...forbidden, '  border-radius: 0 1rem 1rem 0;']) expect(isPhysical(line), line).toBe(true);
  const allowed = ['  margin-inline-start: 1px;', '  padding: 1px 2px 3px;', '  border-radius: 1rem 1rem 0 0;'];
  for (const line of [...allowed, '  padding: 1px 2px 3px 2px;']) expect(isPhysical(line), line).toBe(false);
});

test('no style names left or right', () => {
  expect(styles.filter(({ line }) => isPhysical(line)).map(({ file, line }) => `${file}: ${line.trim()}`)).toEqual([]);
});
