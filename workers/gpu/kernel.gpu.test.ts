import { expect } from 'vitest';
import { gpuTest, maxGpuTest } from '../testing/gpu';
import { runLaunch } from '../testing/runLaunch';
import type { Kernel, Launch } from './kernel';
import { KernelCompiler } from './kernel';

const MAIN = `override COUNT: u32;
@group(0) @binding(0) var<storage, read_write> out: array<u32>;
@compute @workgroup_size(1)
fn main() { out[0] = helper(COUNT); }
`;

const launchOf = (helper: string, constants: Record<string, number> = { COUNT: 3 }): Launch => {
  const kernel: Kernel = {
    name: 'probe',
    sources: [
      { file: 'probe.wgsl', text: MAIN },
      { file: 'helper.wgsl', text: helper },
    ],
    bindings: ['storage'],
  };
  return { kernel, constants, grid: () => [1, 1, 1] };
};

const GOOD = '// Doubles.\nfn helper(n: u32) -> u32 { return 2u * n; }\n';

gpuTest('an error names the file and line that it is in', async ({ device }) => {
  const compiler = new KernelCompiler(device);
  await expect(compiler.compile(launchOf('// Wrong.\nfn helper(n: u32) -> u32 { return 2.5 * n; }\n'))).rejects.toThrow(
    /^helper\.wgsl:2:\d+ /,
  );
  const broken = launchOf(GOOD);
  const sources = [{ file: 'probe.wgsl', text: MAIN.replace('COUNT)', 'COUNTS)') }, broken.kernel.sources[1]!];
  await expect(compiler.compile({ ...broken, kernel: { ...broken.kernel, sources } })).rejects.toMatchObject({
    name: 'UnsupportedError',
    message: expect.stringMatching(/^probe\.wgsl:4:\d+ .*COUNTS/),
  });
});

maxGpuTest('sources enable what they use, and places in them stay right', async ({ device }) => {
  if (!device.features.has('subgroups')) return;
  const compiler = new KernelCompiler(device);
  const sharing = 'enable subgroups;\nfn helper(n: u32) -> u32 { return subgroupBroadcastFirst(n); }\n';
  await compiler.compile(launchOf(sharing));
  const { kernel, ...launch } = launchOf(sharing);
  const sources = [
    ...kernel.sources,
    { file: 'other.wgsl', text: 'enable subgroups;\n\nfn f() -> u32 { return 1.5; }\n' },
  ];
  await expect(compiler.compile({ ...launch, kernel: { ...kernel, sources } })).rejects.toThrow(/^other\.wgsl:3:\d+ /);
});

gpuTest('a misspelt constant is refused, and named', async ({ device }) => {
  const compiler = new KernelCompiler(device);
  await expect(compiler.compile(launchOf(GOOD, { COUNT: 1, CUONT: 2 }))).rejects.toThrow(/probe .*CUONT/s);
});

gpuTest('the same kernel with the same constants is compiled once, a failed one again', async ({ device }) => {
  const compiler = new KernelCompiler(device);
  const first = await compiler.compile(launchOf(GOOD));
  expect(await compiler.compile(launchOf(GOOD))).toBe(first);
  const other = await compiler.compile(launchOf(GOOD, { COUNT: 4 }));
  expect(other.pipeline).not.toBe(first.pipeline);
  expect(other.layout).toBe(first.layout);

  const failing = launchOf(GOOD, {});
  const attempt = compiler.compile(failing);
  await expect(attempt).rejects.toThrow();
  expect(compiler.compile(failing)).not.toBe(attempt);
  await expect(compiler.compile(failing)).rejects.toThrow();
});

gpuTest('launches that differ in sizes share a pipeline, and each reads its own', async ({ device }) => {
  const text = `struct Sizes { a: u32, b: u32 }
@group(0) @binding(0) var<storage, read_write> out: array<u32>;
@group(0) @binding(1) var<uniform> sizes: Sizes;
@compute @workgroup_size(1)
fn main() { out[0] = 10u * sizes.a + sizes.b; }
`;
  const kernel: Kernel = {
    name: 'sized',
    sources: [{ file: 'sized.wgsl', text }],
    bindings: ['storage', 'uniform'],
  };
  const compiler = new KernelCompiler(device);
  let created = 0;
  const compiled = async (sizes: number[]) =>
    compiler.compile({ kernel, constants: {}, sizes, grid: () => [1, 1, 1] }, () => created++);
  const [one, other] = [await compiled([1, 2]), await compiled([3, 4])];
  expect(other.pipeline).toBe(one.pipeline);
  expect((await compiled([1, 2])).sizes).toBe(one.sizes);
  expect(created).toBe(3);
  for (const [sizes, want] of [
    [[1, 2], 12],
    [[3, 4], 34],
  ] as const) {
    const out = new Uint32Array(1);
    await runLaunch(device, { kernel, constants: {}, sizes, grid: () => [1, 1, 1] }, null, [out]);
    expect(out[0]).toBe(want);
  }
});
