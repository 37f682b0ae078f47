import type { Manifest } from '../checkpoint/manifest';
import { requiredTensors } from '../checkpoint/names';
import { engineError } from '../errors';
import type { LoadRequest } from '../protocol/loading';

/**
 * A stored MiniCPM-V 4.6 as it is to be loaded: 4x leaves the merger within its tower out, config and weights. Throws
 * UnsupportedError where the model has no such mode, or was stored without the merger.
 */
export function inMode(manifest: Manifest, { downsampling = 'auto' }: Pick<LoadRequest, 'downsampling'>): Manifest {
  if (downsampling === 'auto') return manifest;
  const { vision } = manifest.config;
  if (vision?.version !== '4.6') {
    throw engineError('UnsupportedError', `"${manifest.id}" has no other way to merge the parts of pictures`);
  }
  const mode = vision.insertLayer === null ? '4x' : '16x';
  if (downsampling === mode) return manifest;
  if (downsampling === '16x') {
    throw engineError('UnsupportedError', `"${manifest.id}" was stored for 4x, without the weights that 16x takes`);
  }
  const image = { ...vision.image, tileTokens: { patchesPerToken: 4 } };
  const config = { ...manifest.config, vision: { ...vision, image, insertLayer: null } };
  const required = requiredTensors(config);
  return { ...manifest, config, tensors: manifest.tensors.filter(({ name }) => required.has(name)) };
}
