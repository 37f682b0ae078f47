import type { WgslSource } from '../../gpu/kernel';

/** Most heads of one workgroup: a vector has a component for each. */
export const MOST_HEADS = 4;

/**
 * For `count` query heads, `Heads`, a number for each, and `HeadSums`, four channels for each, in named registers: an
 * indexed array would spill to memory.
 */
export function queryHeads(count: number): WgslSource {
  const heads = Array.from({ length: count }, (_, i) => ({
    i,
    sum: `sum_${i}`,
    of: count === 1 ? '' : `.${'xyzw'[i]}`,
  }));
  const list = (element: (head: (typeof heads)[number]) => string) => heads.map(element).join(', ');
  return {
    file: 'queryHeads.ts',
    text: `
const QUERY_HEADS = ${count}u;
alias Heads = ${count === 1 ? 'f32' : `vec${count}f`};
struct HeadSums { ${list(({ sum }) => `${sum}: vec4f`)} }

fn head_dots(quad: u32, key: vec4f) -> Heads {
  return Heads(${list(({ i }) => `dot(query[${i}u * QUADS + quad], key)`)});
}

fn decayed(sums: HeadSums, decay: Heads) -> HeadSums {
  return HeadSums(${list(({ sum, of }) => `sums.${sum} * decay${of}`)});
}

fn with_value(sums: HeadSums, weight: Heads, value: vec4f) -> HeadSums {
  return HeadSums(${list(({ sum, of }) => `sums.${sum} + weight${of} * value`)});
}

fn sum_of_head(sums: HeadSums, head: u32) -> vec4f {
${heads
  .slice(1)
  .map(({ i, sum }) => `  if (head == ${i}u) {\n    return sums.${sum};\n  }\n`)
  .join('')}  return sums.sum_0;
}

fn of_head(heads: Heads, head: u32) -> f32 {
  return ${count === 1 ? 'heads' : 'heads[head]'};
}
`,
  };
}
