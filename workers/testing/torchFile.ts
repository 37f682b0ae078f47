import { dictPickle, tensor } from './pickle';
import type { TestTensor } from './safetensorsFile';
import type { ZipFileEntry } from './zipFile';
import { zipFile } from './zipFile';

/** The entries of a file of PyTorch with these tensors, each in a storage of its own; `pickle` replaces the right one. */
export function torchEntries(tensors: TestTensor[], pickle?: Uint8Array): ZipFileEntry[] {
  const entries = tensors.map(({ name, shape, values }, i): [string, Uint8Array] => [
    name,
    tensor({ type: 'FloatStorage', key: String(i), elements: values.length }, shape),
  ]);
  return [
    { name: 'archive/data.pkl', bytes: pickle ?? dictPickle(entries) },
    { name: 'archive/byteorder', bytes: new TextEncoder().encode('little') },
    ...tensors.map(({ values }, i) => ({
      name: `archive/data/${i}`,
      bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    })),
    { name: 'archive/version', bytes: new TextEncoder().encode('3\n') },
  ];
}

/** A file as PyTorch saves a dict of f32 tensors. */
export function torchFile(tensors: TestTensor[]): Uint8Array<ArrayBuffer> {
  return zipFile(torchEntries(tensors));
}
