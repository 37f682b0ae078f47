import katex from 'katex';

/**
 * A formula as MathML, which browsers set without fonts or styles of ours; null where it is no valid TeX. Expansion and sizes
 * are bounded, and commands that make links, pictures or HTML are refused.
 */
export function formulaElement(tex: string, isDisplay: boolean): MathMLElement | null {
  const host = document.createElement('span');
  try {
    katex.render(tex, host, {
      output: 'mathml',
      displayMode: isDisplay,
      throwOnError: true,
      strict: false,
      trust: false,
      maxExpand: 500,
      maxSize: 20,
      macros: { ...WITHOUT_STYLES },
    });
  } catch {
    return null;
  }
  const math = host.querySelector('math');
  if (!math) return null;
  // The source, which some browsers would show.
  math.querySelector('annotation')?.remove();
  for (const element of math.querySelectorAll('*')) plainer(element);
  for (const table of math.querySelectorAll('mtable')) alignColumns(table);
  return math;
}

/** What KaTeX writes with inline styles, which the page forbids, is written without. */
const WITHOUT_STYLES = { '\\pmb': '\\boldsymbol{#1}', '\\fcolorbox': '\\boxed{#3}', '\\colorbox': '#2' };

/** Colours are the page's: black on black could not be read. Links lead nowhere from here. */
function plainer(element: Element): void {
  for (const name of ['mathcolor', 'mathbackground', 'style', 'href']) element.removeAttribute(name);
}

/** Browsers have dropped the attribute by which KaTeX aligns columns: each cell gets it for the page's style sheet. */
function alignColumns(table: Element): void {
  const alignments = (table.getAttribute('columnalign') ?? '').split(/\s+/);
  for (const row of table.children) {
    [...row.children].forEach((cell, i) => cell.setAttribute('data-align', alignments[i] || 'center'));
  }
}
