import type { WgslSource } from '../../gpu/kernel';

/**
 * A shader in which a line that mentions `{name}` stands as often as `counts` says for that name, with 0, 1, … in its place;
 * one that mentions several, once for all their combinations. The copies share a line, so that line numbers stay those of
 * the file. For what an indexed array would hold, because those spill to memory.
 */
export function repeatLines({ file, text }: WgslSource, counts: Readonly<Record<string, number>>): WgslSource {
  const copies = (line: string): string => {
    const name = Object.keys(counts).find((each) => line.includes(`{${each}}`));
    if (name === undefined || line.trimStart().startsWith('//')) return line;
    const numbers = Array.from({ length: counts[name]! }, (_, i) => `${i}`);
    return numbers.map((number) => copies(line.replaceAll(`{${name}}`, number))).join(' ');
  };
  return { file, text: text.split('\n').map(copies).join('\n') };
}
