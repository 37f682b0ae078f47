import type { MatrixUnit } from '../kernels/matmul/matmul';

/** Chromium's, not in the standard. */
interface SubgroupMatrixInfo {
  subgroupMinSize?: number;
  subgroupMaxSize?: number;
  subgroupMatrixConfigs?: Iterable<{
    componentType: string;
    resultComponentType: string;
    M: number;
    N: number;
    K: number;
  }>;
}

/** Invocations of a subgroup that the matmul on matrix units is written for. */
const SUBGROUP_SIZE = 32;

/**
 * The matrix unit of a device that kernels have a form for, adding up in f32: of halves rather than floats. None where
 * subgroups are not always of 32.
 */
export function matrixUnitOf({ adapterInfo }: { adapterInfo?: object }): MatrixUnit | undefined {
  const info: SubgroupMatrixInfo = adapterInfo ?? {};
  if (info.subgroupMinSize !== SUBGROUP_SIZE || info.subgroupMaxSize !== SUBGROUP_SIZE) return undefined;
  const { subgroupMatrixConfigs: configs = [] } = info;
  const units: MatrixUnit[] = [];
  for (const { componentType: element, resultComponentType, M: m, N: n, K: k } of configs) {
    if (resultComponentType !== 'f32' || (element !== 'f16' && element !== 'f32')) continue;
    if ((m === 8 || m === 16) && (n === 8 || n === 16) && (k === 8 || k === 16 || k === 32))
      units.push({ m, n, k, element });
  }
  return units.find(({ element }) => element === 'f16') ?? units[0];
}
