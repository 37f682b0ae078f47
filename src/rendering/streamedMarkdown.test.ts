import { describe, expect, test } from 'vitest';
import type { Block } from './nodes';
import { parseMarkdown } from './parser';
import { StreamedMarkdown } from './streamedMarkdown';

const DOCUMENTS: Record<string, string> = {
  'an essay': `# Title with **bold**

A paragraph with *emphasis*, \`code\`, a [link](https://example.com/a?b=c "title") and https://example.com/bare.
Its second line ends hard.\\
And a third.

Setext
======

Another
---

> A quote
> goes on
lazily

> - with a list
>
>   and a paragraph
***
The end.`,
  lists: `Text before:
- one
- two
  - nested
    1. deeper

       with a paragraph
- [ ] task
- [x] done

* another list

1. first

1
2. second
2) other marker

10. ten

- a


- b

      code in b
+ c`,
  code: `Before:
\`\`\`python
def f(x):
    return "\`\`" | x  # | not | a table

- not a list
\`\`\`
~~~
tildes
\`\`\`
~~~
    indented

    code

text
\`\`\`\`md
\`\`\`js
\`\`\`
\`\`\`\`
- item
  \`\`\`
  code in an item
  \`\`\`
last \`\`\` \`inline\`
\`\`\`never closed
x = [`,
  math: `Let $x_1 * y_1$ and \\(z\\) be, with costs of $5 and $6 or US$7.

$$
\\int_0^1 x\\,dx

= \\frac12
$$

\\[ a < b \\]
Then $$inline$$ text. And \\[ too \\] here.

- item
  $$
  a
  $$
> $$
> unclosed in a quote

$$ one $$ and more

$$
never closed`,
  tables: `| a | b |
|---|:-:|
| 1 | **two** |
| 3

Text right before:
| x | y | z |
|:--|--:|---|
| 1 | 2 | 3 | 4 |
and text

a | b
--|--
1 | 2

| not | a | table |
| because | of | this |

- | in | item |
  |----|------|
  | 1 | 2 |

|`,
  chinese: `**注意：**后面的文字，**“引号”**也一样。请看https://example.com。

1. 第一项：*强调*
2. 第二项——~~删除~~

| 名称 | 数值 |
|:---|---:|
| 圆周率 | $\\pi$ |

> 引用「文字」

设$x$为实数。`,
  'odd ends':
    'a\r\nb\r\n\r\n\tcode\r\n\r\n[ref]: https://example.com\n\n[ref] and ![img](https://example.com/i.png)\n<b>html</b>\n\n<div>\n\n&amp; &lt; \\* \u0000 \u202e x\n1.\n\n-\n\n  x\n- \n\n#\n##  \nend',
  'looks like something else': `2*3 = 6 and 4*5 = 20, snake_case_name, 5 < 6, a ~ b, !
Price: $20
-5 degrees
1986
1986\\. A year
#hashtag
[1] a citation [2](not a link [3]
\`unclosed code
**unclosed *emphasis _here

Header row | without table
--- is a rule?`,
};

const blocksOf = (text: string, isOpen: boolean) => parseMarkdown(text, isOpen).map(({ block }) => block);

describe.each(Object.entries(DOCUMENTS))('%s', (_, text) => {
  test('streamed by characters, every prefix has the tree of that prefix, open and ended', () => {
    const streamed = new StreamedMarkdown();
    for (let end = 0; end <= text.length; end++) {
      const prefix = text.slice(0, end);
      expect(streamed.update(prefix, true), JSON.stringify(prefix)).toEqual(blocksOf(prefix, true));
      const ended = new StreamedMarkdown();
      ended.update(text.slice(0, Math.floor(end * 0.9)), true);
      expect(ended.update(prefix, false), JSON.stringify(prefix)).toEqual(blocksOf(prefix, false));
    }
    expect(streamed.update(text, false)).toEqual(blocksOf(text, false));
  });

  test('streamed in pieces of any size, the tree is the same', () => {
    for (const size of [2, 3, 5, 7, 11, 31]) {
      const streamed = new StreamedMarkdown();
      for (let end = size; end < text.length; end += size) {
        expect(streamed.update(text.slice(0, end), true)).toEqual(blocksOf(text.slice(0, end), true));
      }
      expect(streamed.update(text, false)).toEqual(blocksOf(text, false));
    }
  });

  test('a finished block stays the same object', () => {
    const streamed = new StreamedMarkdown();
    let before: Block[] = [];
    for (let end = 1; end <= text.length; end++) {
      const blocks = streamed.update(text.slice(0, end), true);
      // All but the last two: a block is finished when the line after it is complete.
      for (let i = 0; i < before.length - 3; i++) expect(blocks[i]).toBe(before[i]);
      before = blocks;
    }
  });
});

test('all documents joined at random stream to the tree of the whole', { timeout: 60_000 }, () => {
  const lines = Object.values(DOCUMENTS).join('\n').split('\n');
  let seed = 1;
  const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
  for (let round = 0; round < 40; round++) {
    const text = Array.from({ length: 12 }, () => lines[random(lines.length)]).join('\n');
    const streamed = new StreamedMarkdown();
    for (let end = 0; end <= text.length; end++) {
      const prefix = text.slice(0, end);
      expect(streamed.update(prefix, true), JSON.stringify(prefix)).toEqual(blocksOf(prefix, true));
    }
    expect(streamed.update(text, false), JSON.stringify(text)).toEqual(blocksOf(text, false));
  }
});

test('another text starts anew', () => {
  const streamed = new StreamedMarkdown();
  streamed.update('# a\n\nb\n\nc\n\nd', true);
  expect(streamed.update('x', true)).toEqual(blocksOf('x', true));
});
