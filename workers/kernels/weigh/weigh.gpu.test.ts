import { expect } from 'vitest';
import { paddedWidth } from '../../quant/layout';
import { nmse } from '../../testing/allclose';
import { gpuTest } from '../../testing/gpu';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { weigh } from './weigh';
import { weighReference } from './weigh.reference';

for (const [width, rows] of [
  [32, 1],
  [96, 8],
  [1056, 5],
  [2304, 1],
] as const) {
  gpuTest(`weigh ${rows} rows of ${width}`, async ({ device }) => {
    const random = new Random(width);
    const [x, weight] = [random.floats(rows * width), random.floats(width)];
    const squaresWidth = paddedWidth(width / 8);
    const [weighted, squares] = [new Float32Array(rows * width), new Float32Array(rows * squaresWidth)];
    await runLaunch(device, weigh({ width }), { rows }, [x, weight, weighted, squares]);
    for (let m = 0; m < rows; m++) {
      const rowOf = (values: Float32Array, stride: number) => values.subarray(m * stride, (m + 1) * stride);
      const want = weighReference(rowOf(x, width), weight);
      expect(nmse(rowOf(weighted, width), want.weighted)).toBeLessThan(1e-12);
      expect(nmse(rowOf(squares, squaresWidth).subarray(0, width / 8), want.squares)).toBeLessThan(1e-12);
    }
  });
}
