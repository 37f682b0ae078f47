import type { MatrixUnit } from '../kernels/matmul/matmul';

/** Chromium's, not in the standard. */
interface SubgroupMatrixInfo {
  subgroupMaxSize?: number;
  subgroupMatrixConfigs?: Iterable<{
    componentType: string;
    resultComponentType: string;
    M: number;
    N: number;
    K: number;
  }>;
}

/** The largest subgroups that kernels share their work among. */
const MOST_INVOCATIONS = 32;

/** The matrix unit of a device that kernels have a form for, adding up in f32: the largest of halves rather than floats. */
export function matrixUnitOf({ adapterInfo }: { adapterInfo?: object }): MatrixUnit | undefined {
  const { subgroupMaxSize = Infinity, subgroupMatrixConfigs: configs = [] }: SubgroupMatrixInfo = adapterInfo ?? {};
  if (subgroupMaxSize > MOST_INVOCATIONS) return undefined;
  const units: MatrixUnit[] = [];
  for (const { componentType: element, resultComponentType, M: m, N: n, K: k } of configs) {
    if (resultComponentType !== 'f32' || (element !== 'f16' && element !== 'f32')) continue;
    if ((m === 8 || m === 16) && (n === 8 || n === 16) && (k === 8 || k === 16 || k === 32))
      units.push({ m, n, k, element });
  }
  units.sort((a, b) => b.m * b.n * b.k - a.m * a.n * a.k);
  return units.find(({ element }) => element === 'f16') ?? units[0];
}
