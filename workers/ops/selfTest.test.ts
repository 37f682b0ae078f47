import { expect, test } from 'vitest';
import type { Graph } from './graph';
import { CpuBackend } from './cpuBackend';
import { selfTest } from './selfTest';

/** Plain TypeScript in whose programs of this capacity `change` is done to each result. */
class ChangedBackend extends CpuBackend {
  constructor(
    private readonly capacity: number,
    private readonly change: (result: Float32Array<ArrayBuffer>) => void,
  ) {
    super();
  }

  override async compile(graph: Graph) {
    const program = await super.compile(graph);
    if (graph.capacity !== this.capacity) return program;
    const run = program.run.bind(program);
    program.run = async (step, rows) => {
      const result = await run(step, rows);
      this.change(result);
      return result;
    };
    return program;
  }
}

test('rows of a small batch that differ from single rows in a bit are found out, and are not wrong', async () => {
  const backend = new ChangedBackend(8, (result) => {
    new Uint32Array(result.buffer)[5]! ^= 1;
  });
  expect(await selfTest(backend, 'matvec', 'f32', 'int4')).toEqual({ wrong: null, isBatchExact: false });
  expect(await selfTest(new CpuBackend(), 'matvec', 'f32', 'int4')).toEqual({ wrong: null, isBatchExact: true });
});

test('a batch that is off in one row is wrong', async () => {
  const backend = new ChangedBackend(24, (result) => {
    result[3]! *= 1.01;
  });
  const { wrong } = await selfTest(backend, 'matmul', 'f32', 'int4');
  expect(wrong).toMatch(/int4 weights wrong/);
});

/** Plain TypeScript whose activations are what the halves of a matrix unit are that takes subnormal ones for zero. */
class FlushingBackend extends CpuBackend {
  override write(...[buffer, byteOffset, data]: Parameters<CpuBackend['write']>): void {
    super.write(buffer, byteOffset, data);
    const floats = new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4);
    // The table of activations, alone, is packed as floats.
    if (!floats.includes(1e4) && !floats.includes(-1e4)) return;
    const flushed = floats.map((value) => (Math.abs(value) < 4 * 2 ** -14 ? 0 : value));
    super.write(buffer, byteOffset, new Uint8Array(flushed.buffer));
  }
}

test('a matrix unit may take subnormal halves for zero', async () => {
  const backend = new FlushingBackend();
  expect((await selfTest(backend, 'matmul', 'subgroup-matrix', 'int4')).wrong).toBeNull();
  // With the rows of a variant that scales what it rounds, as much error would not be allowed.
  expect((await selfTest(backend, 'matmul', 'f16', 'int4')).wrong).toMatch(/wrong/);
});
