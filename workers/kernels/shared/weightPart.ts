import type { WgslSource } from '../../gpu/kernel';
import type { MatrixFormat } from '../../quant/layout';
import { WEIGHT_FORMATS } from './weightFormats';

/**
 * One of several packed matrices that a kernel reads: the functions of its weight format and those that `sources` build
 * on them, with `_part` behind every name they declare, and the binding `weights_part`.
 */
export function weightPart(
  format: MatrixFormat,
  part: string,
  binding: number,
  sources: readonly WgslSource[],
): WgslSource[] {
  const all = [...WEIGHT_FORMATS[format], ...sources];
  const text = all.map((source) => source.text).join('');
  const declared = [...text.matchAll(/^(?:fn|const|override) (\w+)/gm)].map(([, name]) => name);
  const names = new RegExp(String.raw`\b(weights|${declared.join('|')})\b`, 'g');
  const declaration = `@group(0) @binding(${binding}) var<storage, read> weights_${part}: array<vec4u>;\n`;
  return [
    { file: `weights_${part}`, text: declaration },
    ...all.map((source) => ({
      file: `${source.file} as ${part}`,
      text: source.text.replace(names, `$1_${part}`),
    })),
  ];
}
