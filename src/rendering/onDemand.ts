type Mathml = typeof import('./mathml');
type Highlight = typeof import('./highlight');

/**
 * KaTeX and the highlighter are larger than the page itself, and many answers need neither. Without them, which
 * happens where the page was left open over an update, sources are shown.
 */
let mathml: Promise<Mathml | null> | null = null;
let highlighter: Promise<Highlight | null> | null = null;

export function loadMathml(): Promise<Mathml | null> {
  return (mathml ??= import('./mathml').catch(() => (mathml = null)));
}

export function loadHighlight(): Promise<Highlight | null> {
  return (highlighter ??= import('./highlight').catch(() => (highlighter = null)));
}
