import { expect } from 'vitest';
import { nmse } from '../../testing/allclose';
import { gpuTest } from '../../testing/gpu';
import { Random } from '../../testing/random';
import { runLaunch } from '../../testing/runLaunch';
import { weigh } from './weigh';
import { weighReference } from './weigh.reference';

for (const width of [32, 96, 2304]) {
  gpuTest(`weigh ${width}`, async ({ device }) => {
    const random = new Random(width);
    const [x, weight] = [random.floats(width), random.floats(width)];
    const [weighted, squares] = [new Float32Array(width), new Float32Array(width / 32)];
    await runLaunch(device, weigh({ width }), { rows: 1 }, [x, weight, weighted, squares]);
    const want = weighReference(x, weight);
    expect(nmse(weighted, want.weighted)).toBeLessThan(1e-12);
    expect(nmse(squares, want.squares)).toBeLessThan(1e-12);
  });
}
