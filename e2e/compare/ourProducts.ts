import { VARIANTS } from '../../workers/ops/kernelChoice';
import { kernelCandidates } from '../../workers/ops/kernelCandidates';
import { Ops } from '../../workers/ops/graph';
import { trialMatrix } from '../../workers/ops/trialMatrix';
import { trialBackend } from '../../workers/ops/tune';
import type { KernelVariant, ProductClass } from '../../workers/protocol/kernels';
import { TILE_ROWS, type MatrixFormat } from '../../workers/quant/layout';
import type { PreparedProducts, ProductShape } from './product';

/** The variants that this device has the features for. */
export function ourVariants(device: GPUDevice, { tokens }: ProductShape): KernelVariant[] {
  const products: ProductClass = tokens === 1 ? 'matvec' : 'matmul';
  const workload = { format: 'int4', formats: ['int4'] } as const;
  const candidates = kernelCandidates({
    device,
    // What is slow or no gain is to show, too.
    isSoftwareAdapter: false,
    features: 'all',
    wanted: 'auto',
    workload: { ...workload, formats: [...workload.formats] },
  });
  return VARIANTS.filter((variant) =>
    candidates.some((one) => one.products === products && one.variant === variant && one.state === 'available'),
  );
}

/** Products by a kernel variant, as the engine dispatches them: one submission for all. */
export async function prepareOurs(
  device: GPUDevice,
  variant: KernelVariant,
  { rows, columns, tokens }: ProductShape,
  count: number,
): Promise<PreparedProducts> {
  const backend = trialBackend(device, variant);
  const matrix = (format: MatrixFormat, rows: number) => {
    const packed = trialMatrix(format, rows, columns, 1);
    const buffer = backend.createBuffer('weights', packed.byteLength);
    backend.write(buffer, 0, packed);
    return { format, rows, columns, shards: [{ rowStart: 0, rows, buffer }] };
  };
  const ops = new Ops(tokens);
  const table = matrix('f32', TILE_ROWS);
  const x = ops.embedding(table, 1);
  const weights = Array.from({ length: count }, () => matrix('int4', rows));
  const outs = weights.map((weight) => ops.linear(x, weight));
  const program = await backend.compile(ops.graph(outs.at(-1)!));
  const tokenIds = Array.from({ length: tokens }, (_, i) => i % TILE_ROWS);
  return {
    engine: 'this engine',
    variant,
    count,
    run: async () => program.submit({ tokenIds, position: 0 }),
    destroy: async () => {
      program.destroy();
      for (const { shards } of [table, ...weights]) shards[0]!.buffer.destroy();
    },
  };
}
