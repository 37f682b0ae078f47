import { describe, expect, test } from 'vitest';
import { hostileAnswers } from '../../e2e/rendering/hostile';
import { isSafeLink } from './links';
import type { Block, Inline } from './nodes';
import { parseMarkdown } from './parser';
import { plainText } from './plainText';
import { StreamedMarkdown } from './streamedMarkdown';

const parse = (text: string, isOpen = false) => parseMarkdown(text, isOpen).map(({ block }) => block);
const paragraph = (...children: Inline[]): Block => ({ type: 'paragraph', children });
const text = (words: string): Inline => ({ type: 'text', text: words });
const link = (href: string, words: string): Inline => ({ type: 'link', href, children: [text(words)] });

/** Every node of a tree, with its depth. */
function nodesOf(value: unknown, depth = 0): { node: Record<string, unknown>; depth: number }[] {
  if (typeof value !== 'object' || value === null) return [];
  const below = Object.values(value).flatMap((child) => nodesOf(child, depth + 1));
  return 'type' in value ? [{ node: value as Record<string, unknown>, depth }, ...below] : below;
}

describe('what is read', () => {
  test.each<[string, Block[]]>([
    ['a\nb', [paragraph(text('a'), { type: 'break' }, text('b'))]],
    ['**注意：**后面', [paragraph({ type: 'strong', children: [text('注意：')] }, text('后面'))]],
    ['~~a~~', [paragraph({ type: 'deleted', children: [text('a')] })]],
    ['$5 and $6', [paragraph(text('$5 and $6'))]],
    [
      '\\(a\\)$b$',
      [paragraph({ type: 'math', tex: 'a', isDisplay: false }, { type: 'math', tex: 'b', isDisplay: false })],
    ],
    ['\\[\na\n\\]', [{ type: 'math', tex: 'a', isOpen: false }]],
    ['$$ never closed', [paragraph(text('$$ never closed'))]],
    ['a https://b.c。d', [paragraph(text('a '), link('https://b.c', 'https://b.c'), text('。d'))]],
    ['3. a', [{ type: 'list', start: 3, items: [{ isDone: null, blocks: [paragraph(text('a'))] }] }]],
    ['- [x] a', [{ type: 'list', start: null, items: [{ isDone: true, blocks: [paragraph(text('a'))] }] }]],
    ['```js x\na\n```', [{ type: 'code', language: 'js', text: 'a' }]],
    ['![x](https://a.b/c)', [paragraph(link('https://a.b/c', 'x'))]],
    ['![x](data:image/png;base64,A)', [paragraph(text('x'))]],
    ['[x](javascript:a)', [paragraph(text('[x](javascript:a)'))]],
    ['<b onclick=a>x</b>', [paragraph(text('<b onclick=a>x</b>'))]],
    ['[a]\n\n[a]: https://b.c', [paragraph(text('[a]')), paragraph(text('[a]: '), link('https://b.c', 'https://b.c'))]],
  ])('%j', (source, blocks) => {
    expect(parse(source)).toEqual(blocks);
  });

  test('a table with its alignments', () => {
    const [table] = parse('|a|b|\n|:-|-:|\n|1|2|');
    expect(table).toMatchObject({ type: 'table', alignments: ['left', 'right'], head: [[text('a')], [text('b')]] });
  });
});

describe('what is still being written looks calm', () => {
  test.each<[string, Block[]]>([
    ['**bold te', [paragraph({ type: 'strong', children: [text('bold te')] })]],
    ['a **', [paragraph(text('a '))]],
    ['see [x](http', [paragraph(text('see '))]],
    ['a `b', [paragraph(text('a '), { type: 'code', text: 'b' })]],
    ['let $x_', [paragraph(text('let '))]],
    ['costs $5', [paragraph(text('costs $5'))]],
    ['2*3', [paragraph(text('2*3'))]],
    ['a\n-', [paragraph(text('a'))]],
    ['a\n``', [paragraph(text('a'))]],
    ['$$\na', [{ type: 'math', tex: 'a', isOpen: true }]],
    ['| a | b', [{ type: 'table', alignments: [null, null], head: [[text('a')], [text('b')]], rows: [] }]],
  ])('%j', (source, blocks) => {
    expect(parse(source, true)).toEqual(blocks);
  });
});

const hostile = hostileAnswers('https://attacker.example');

test(
  `of ${hostile.length} hostile answers none makes an unsafe link, deep nesting or a loss of words`,
  { timeout: 60_000 },
  () => {
    expect(hostile.length).toBeGreaterThan(100);
    for (const answer of hostile) {
      const streamed = new StreamedMarkdown();
      streamed.update(answer.slice(0, answer.length / 2), true);
      const blocks = streamed.update(answer, false);
      expect(blocks).toEqual(parse(answer));
      const nodes = nodesOf(blocks);
      const links = nodes.filter(({ node }) => node.type === 'link').map(({ node }) => String(node.href));
      expect(Math.max(0, ...nodes.map(({ depth }) => depth)), answer).toBeLessThan(80);
      expect(
        links.filter((href) => !isSafeLink(href)),
        answer,
      ).toEqual([]);
      if (/^<\w/.test(answer)) expect(plainText(blocks), answer).toContain('<');
    }
  },
);

test('words below the deepest nesting stay', () => {
  const spoken = plainText(parse('> '.repeat(1000) + 'last words'));
  expect(spoken).toContain('last words');
});

test.each([
  'javascript:a',
  'data:text/html,a',
  'vbscript:a',
  'file:///a',
  '//a.b',
  '/a',
  'a',
  '#a',
  'ftp://a.b',
  'http://[',
])('%j is no safe link', (href) => expect(isSafeLink(href)).toBe(false));
