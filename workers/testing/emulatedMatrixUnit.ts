import type { Launch, WgslSource } from '../gpu/kernel';

/** Chromium's matrix units in plain WGSL: every invocation holds whole matrices and computes all of them. */
const EMULATION: WgslSource = {
  file: 'emulatedMatrixUnit.ts',
  text: `
fn load_Left(first: u32, by_column: bool, stride: u32) -> Left {
  var matrix: Left;
  for (var i = 0u; i < UNIT_M * UNIT_K; i++) {
    let row = i / UNIT_K;
    let column = i % UNIT_K;
    matrix[i] = staged_x[first + select(row * stride + column, column * stride + row, by_column)];
  }
  return matrix;
}

fn load_Right(first: u32, by_column: bool, stride: u32) -> Right {
  var matrix: Right;
  for (var i = 0u; i < UNIT_K * UNIT_N; i++) {
    let row = i / UNIT_N;
    let column = i % UNIT_N;
    matrix[i] = staged_weights[first + select(row * stride + column, column * stride + row, by_column)];
  }
  return matrix;
}

fn multiply_accumulate(left: Left, right: Right, sums: Result) -> Result {
  var matrix = sums;
  for (var i = 0u; i < UNIT_M * UNIT_N; i++) {
    for (var k = 0u; k < UNIT_K; k++) {
      matrix[i] += f32(left[i / UNIT_N * UNIT_K + k]) * f32(right[k * UNIT_N + i % UNIT_N]);
    }
  }
  return matrix;
}

fn store_results(first: u32, matrix: Result, by_column: bool, stride: u32) {
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
      .replace(/subgroupMatrixLoad<(\w+)>\(&\w+, /g, 'load_$1(')
      .replaceAll('subgroupMatrixMultiplyAccumulate', 'multiply_accumulate')
      .replaceAll('subgroupMatrixStore(&results, ', 'store_results('),
  }));
  return { ...launch, kernel: { ...kernel, sources: [...sources, EMULATION] } };
}
