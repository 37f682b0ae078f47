import type { Launch, WgslSource } from '../gpu/kernel';

/**
 * Chromium's matrix units in plain WGSL: every invocation holds whole matrices and computes all of them. They are handed on
 * by pointer: compilers take apart what is handed on by value, element by element.
 */
const EMULATION: WgslSource = {
  file: 'emulatedMatrixUnit.ts',
  text: `
fn load_Left(matrix: ptr<function, Left>, first: u32, by_column: bool, stride: u32) {
  for (var i = 0u; i < UNIT_M * UNIT_K; i++) {
    let row = i / UNIT_K;
    let column = i % UNIT_K;
    matrix[i] = staged_x[first + select(row * stride + column, column * stride + row, by_column)];
  }
}

fn load_Right(matrix: ptr<function, Right>, first: u32, by_column: bool, stride: u32) {
  for (var i = 0u; i < UNIT_K * UNIT_N; i++) {
    let row = i / UNIT_N;
    let column = i % UNIT_N;
    matrix[i] = staged_weights[first + select(row * stride + column, column * stride + row, by_column)];
  }
}

fn multiply_accumulate(left: ptr<function, Left>, right: ptr<function, Right>, sums: ptr<function, Result>) {
  for (var i = 0u; i < UNIT_M * UNIT_N; i++) {
    for (var k = 0u; k < UNIT_K; k++) {
      sums[i] += f32(left[i / UNIT_N * UNIT_K + k]) * f32(right[k * UNIT_N + i % UNIT_N]);
    }
  }
}

fn store_results(first: u32, matrix: ptr<function, Result>, by_column: bool, stride: u32) {
  for (var i = 0u; i < UNIT_M * UNIT_N; i++) {
    let row = i / UNIT_N;
    let column = i % UNIT_N;
    results[first + select(row * stride + column, column * stride + row, by_column)] = matrix[i];
  }
}
`,
};

/** matmul's variant subgroup-matrix for devices without matrix units: the same shader on emulated ones. */
export function onEmulatedMatrixUnit(launch: Launch): Launch {
  const { kernel } = launch;
  const usesHalves = kernel.sources.some(({ text }) => text.includes('alias Element = f16;'));
  const sources = kernel.sources.map(({ file, text }) => ({
    file,
    text: text
      .replace(/^(enable (subgroups|chromium_\w+)|diagnostic.*);$/gm, '')
      .replace(/^enable f16;$/gm, usesHalves ? '$&' : '')
      .replace(/subgroup_matrix_\w+<(\w+), (\w+), (\w+)>/g, 'array<$1, $2 * $3>')
      .replace(/let (\w+) = subgroupMatrixLoad<(\w+)>\(&\w+, /g, 'var $1: $2; load_$2(&$1, ')
      .replace(/(\w+) = subgroupMatrixMultiplyAccumulate\((\w+), (\w+), \1\)/g, 'multiply_accumulate(&$2, &$3, &$1)')
      .replaceAll('subgroupMatrixStore(&results, ', 'store_results(')
      .replaceAll('sums: Result', 'sums: ptr<function, Result>')
      .replace(/write_through\(group, (?=sum_)/g, '$&&'),
  }));
  return { ...launch, kernel: { ...kernel, sources: [...sources, EMULATION] } };
}
