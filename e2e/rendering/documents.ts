/** An answer with every kind of block. */
export const DOCUMENT = `## A title

First paragraph with **bold** and $x^2$, and [a link](https://example.com/page).

- one
- two

\`\`\`python
def f(x):
    return x
\`\`\`

| a | b |
|---|--:|
| 1 | 2 |

$$
\\frac{a}{b}
$$

The end.`;
