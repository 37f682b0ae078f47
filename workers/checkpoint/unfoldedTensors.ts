import type { FileTensor } from './tensorTable';

/**
 * Tensors of a checkpoint in the shapes that the engine keeps: query, key and value matrices that PyTorch stores as one come
 * apart, a convolution over patches becomes a matrix, one over tokens a vector, and a table loses its leading dimension of one.
 */
export function unfoldedTensors(tensors: readonly FileTensor[]): FileTensor[] {
  return tensors.flatMap((tensor) => {
    const { name, shape } = tensor;
    if (/\.attn\.(qkv\.|in_proj_)(weight|bias)$/.test(name) && shape[0]! % 3 === 0) return thirds(tensor);
    if (shape.length === 3 && name.endsWith('.conv1d.weight')) return [{ ...tensor, shape: [shape[0]! * shape[2]!] }];
    if (shape.length === 4) return [{ ...tensor, shape: [shape[0]!, shape[1]! * shape[2]! * shape[3]!] }];
    if (shape.length === 3 && shape[0] === 1) return [{ ...tensor, shape: shape.slice(1) }];
    return [tensor];
  });
}

function thirds(tensor: FileTensor): FileTensor[] {
  const { name, shape } = tensor;
  const bytes = tensor.bytes / 3;
  return ['q', 'k', 'v'].map((part, i) => ({
    ...tensor,
    name: name.replace(/\.attn\.(?:qkv\.|in_proj_)/, `.attn.${part}.`),
    shape: [shape[0]! / 3, ...shape.slice(1)],
    offset: tensor.offset + i * bytes,
    bytes,
  }));
}
