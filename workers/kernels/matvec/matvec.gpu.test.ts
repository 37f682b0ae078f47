import { expect } from 'vitest';
import type { KernelVariant } from '../../protocol/kernels';
import type { MatrixFormat } from '../../quant/layout';
import { paddedWidth } from '../../quant/layout';
import { unpackMatrix } from '../../quant/unpack';
import { nmse } from '../../testing/allclose';
import { gpuTest, maxGpuTest, variantGpuTest } from '../../testing/gpu';
import { randomPackedMatrix } from '../../testing/packedMatrix';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { TILE_VARIANTS, tileTolerance } from '../../testing/variants';
import { tileVariant } from '../shared/tileProducts';
import { WEIGHT_FORMATS } from '../shared/weightFormats';
import { matvec } from './matvec';
import { matvecReference } from './matvec.reference';

const FORMATS = Object.keys(WEIGHT_FORMATS) as MatrixFormat[];

/** A random matrix, as a shard behind `rowStart` other rows, and the products that any batch of rows of x must give. */
class Products {
  readonly #random: Random;
  readonly #weights: Uint8Array<ArrayBuffer>;
  readonly #outWidth: number;
  readonly x: Float32Array<ArrayBuffer>;

  constructor(
    readonly device: GPUDevice,
    readonly shape: { format: MatrixFormat; variant: KernelVariant; rows: number; columns: number; rowStart?: number },
    magnitude = 1,
  ) {
    const { format, rows, columns, rowStart = 0 } = shape;
    this.#random = new Random(rows * columns);
    this.#weights = randomPackedMatrix(this.#random, format, rows, columns);
    this.#outWidth = rowStart + paddedWidth(rows);
    this.x = this.#random.rows(8, columns, paddedWidth(columns), magnitude);
  }

  /** Rows first to first + count − 1 of the products, by a kernel for `batch` rows. Checks what surrounds them. */
  async of(first: number, count: number, batch: number): Promise<Float32Array> {
    const { rows, columns, rowStart = 0 } = this.shape;
    const width = paddedWidth(columns);
    // Rows beyond the step may hold anything.
    const x = new Float32Array(batch * width).fill(NaN);
    x.set(this.x.subarray(first * width, (first + count) * width));
    const out = new Float32Array(batch * this.#outWidth).fill(777);
    const launch = matvec({ ...this.shape, rowStart, outWidth: this.#outWidth, batch });
    await runLaunch(this.device, launch, { rows: count }, [this.#weights, x, out]);
    const products = new Float32Array(count * rows);
    for (let m = 0; m < count; m++) {
      const row = out.subarray(m * this.#outWidth, (m + 1) * this.#outWidth);
      products.set(row.subarray(rowStart, rowStart + rows), m * rows);
      expect(row.subarray(0, rowStart).every((value) => value === 777)).toBe(true);
      expect(row.subarray(rowStart + rows).every((value) => value === 0)).toBe(true);
    }
    expect(out.subarray(count * this.#outWidth).every((value) => value === 777)).toBe(true);
    return products;
  }

  /** What they should be. */
  want(): Float64Array {
    const { format, rows, columns } = this.shape;
    const weights = unpackMatrix(format, this.#weights, rows, columns);
    const width = paddedWidth(columns);
    const want = new Float64Array(8 * rows);
    for (let m = 0; m < 8; m++) want.set(matvecReference(weights, this.x.subarray(m * width), rows, columns), m * rows);
    return want;
  }

  /** Eight rows are right, and exactly the same in each of these batches. */
  async check(batches: readonly number[]): Promise<void> {
    const { format, variant } = this.shape;
    const [first, ...others] = await Promise.all(batches.map((batch) => this.#inBatchesOf(batch)));
    expect(nmse(first!, this.want())).toBeLessThan(tileTolerance(format, variant));
    for (const other of others) expect(other).toEqual(first);
  }

  /** All rows; the last step may be shorter than its batch. */
  async #inBatchesOf(batch: number): Promise<Float32Array> {
    const { rows } = this.shape;
    const all = new Float32Array(8 * rows);
    for (let m = 0; m < 8; m += batch) all.set(await this.of(m, Math.min(batch, 8 - m), batch), m * rows);
    return all;
  }
}

for (const variant of TILE_VARIANTS) {
  // As many slices as there are, and several chunks of staged activations.
  variantGpuTest(`matvec int4 ${variant} [33, 1056] of 1, 2, 5 and 8 rows`, variant, (device) =>
    new Products(device, { format: 'int4', variant, rows: 33, columns: 1056 }).check([1, 2, 5, 8]),
  );
  variantGpuTest(`matvec int4 ${variant}: a shard writes at its rows only`, variant, (device) =>
    new Products(device, { format: 'int4', variant, rows: 40, columns: 40, rowStart: 96 }).check([1]),
  );
  // Wide batches compile slowly, and treat all formats alike.
  for (const format of FORMATS.filter((name) => name !== 'int4' && tileVariant(name, variant) === variant)) {
    variantGpuTest(`matvec ${format} ${variant} [33, 288]`, variant, (device) =>
      new Products(device, { format, variant, rows: 33, columns: 288 }).check([1, 2]),
    );
  }
}

maxGpuTest('matvec with all that the adapter offers', ({ device }) =>
  new Products(device, { format: 'int4', variant: 'f32', rows: 33, columns: 64 }).check([1]),
);

for (const [rows, columns] of [
  [1, 32],
  [31, 96],
  [70, 288],
] as const) {
  gpuTest(`matvec int4 f32 [${rows}, ${columns}]`, ({ device }) =>
    new Products(device, { format: 'int4', variant: 'f32', rows, columns }).check([1]),
  );
}

for (const variant of TILE_VARIANTS) {
  variantGpuTest(`matvec ${variant}: the last row of a longer step`, variant, async (device) => {
    const random = new Random(5);
    const [format, rows, columns] = ['int4', 64, 288] as const;
    const weights = randomPackedMatrix(random, format, rows, columns);
    const x = random.floats(columns);
    const launch = matvec({ format, variant, rowStart: 0, rows, columns, outWidth: rows, batch: 1 });
    const [alone, behind] = [new Float32Array(rows), new Float32Array(rows)];
    await runLaunch(device, launch, { rows: 1 }, [weights, x, alone]);
    await runLaunch(device, launch, { rows: 12 }, [weights, x, behind]);
    expect(behind).toEqual(alone);
  });
}

for (const variant of ['f16', 'int8'] as const) {
  variantGpuTest(`matvec ${variant}: activations of any size, zero ones included`, variant, async (device) => {
    for (const magnitude of [1e-20, 1e5, 1e20]) {
      const products = new Products(device, { format: 'int4', variant, rows: 33, columns: 96 }, magnitude);
      products.x.fill(0, 0, 32);
      await products.check([1]);
    }
  });
}

variantGpuTest('matvec f16: the largest halves as weights', 'f16', async (device) => {
  const weights = new Uint8Array(new Uint16Array(32 * 32).fill(0x7bff).buffer);
  const [x, out] = [new Float32Array(32).fill(3), new Float32Array(32)];
  const shape = { format: 'f16', variant: 'f16', rowStart: 0, rows: 32, columns: 32, outWidth: 32, batch: 1 } as const;
  await runLaunch(device, matvec(shape), { rows: 1 }, [weights, x, out]);
  expect(nmse(out, new Float64Array(32).fill(32 * 3 * 65504))).toBeLessThan(1e-6);
});

gpuTest('tiles may be spread over two grid dimensions, with workgroups to spare', async ({ device }) => {
  const random = new Random(3);
  const [format, rows, columns] = ['f32', 96, 32] as const;
  const weights = randomPackedMatrix(random, format, rows, columns);
  const x = random.floats(columns);
  const got = new Float32Array(rows);
  const shape = { format, variant: 'f32', rowStart: 0, rows, columns, outWidth: rows, batch: 1 } as const;
  // Three tiles on four workgroups; what the fourth would write falls on the guard behind the output.
  await runLaunch(device, { ...matvec(shape), grid: () => [2, 2, 1] }, { rows: 1 }, [weights, x, got]);
  expect(nmse(got, matvecReference(unpackMatrix(format, weights, rows, columns), x, rows, columns))).toBeLessThan(
    1e-11,
  );
});
