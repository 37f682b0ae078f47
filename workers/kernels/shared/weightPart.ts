import type { WgslSource } from '../../gpu/kernel';
import type { MatrixFormat } from '../../quant/layout';
import { WEIGHT_FORMATS } from './weightFormats';
import partText from './weightPart.wgsl?raw';

/**
 * One of several packed matrices that a kernel reads: the functions of its weight format and of weightPart.wgsl, with
 * `_part` behind every name they declare, and the binding `weights_part`.
 */
export function weightPart(format: MatrixFormat, part: string, binding: number): WgslSource {
  const { file, text } = WEIGHT_FORMATS[format];
  const source = text + partText;
  const declared = [...source.matchAll(/^(?:fn|const|override) (\w+)/gm)].map(([, name]) => name);
  const names = new RegExp(String.raw`\b(weights|${declared.join('|')})\b`, 'g');
  const declaration = `@group(0) @binding(${binding}) var<storage, read> weights_${part}: array<vec4u>;\n`;
  return { file: `${file} as ${part}`, text: declaration + source.replace(names, `$1_${part}`) };
}
