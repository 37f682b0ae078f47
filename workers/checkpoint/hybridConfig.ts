import { engineError } from '../errors';
import type { RecurrentSizes } from '../memory/recurrentStateBytes';
import { LIMITS } from './configLimits';
import type { Fields } from './fields';

/**
 * A language model of two kinds of layers (Qwen3.5): a few attend to all tokens, with a gate on what they give, and the
 * others keep a state of fixed size that each token changes.
 */
export interface HybridConfig {
  layerKinds: LayerKind[];
  /** The first channels of a head, which RoPE rotates; the others stay. */
  rotaryDim: number;
  delta: RecurrentSizes;
}

export type LayerKind = 'attention' | 'delta-net';

/** A key head and a value head this wide at most, as the kernel has it (kernels/deltaRule). */
const WIDEST_DELTA_HEAD = 256;

const LAYER_KINDS: Readonly<Record<string, LayerKind>> = {
  full_attention: 'attention',
  linear_attention: 'delta-net',
};

/**
 * The HybridConfig of a Qwen3.5 text model from its config.json; defaults are those of Qwen3_5TextConfig. `rotaryFactor` is
 * the share of a head's channels that rotate. Throws UnsupportedError for what the engine cannot compute, and
 * InvalidFileError naming a bad key.
 */
export function hybridFromJson(fields: Fields, numLayers: number, headDim: number, rotaryFactor: number): HybridConfig {
  if (!fields.boolean('attn_output_gate', true)) {
    throw engineError(
      'UnsupportedError',
      `${fields.place}: attention without a gate (attn_output_gate) is not supported.`,
    );
  }
  const rotaryDim = Math.trunc(headDim * rotaryFactor);
  if (rotaryDim < 2 || rotaryDim > headDim || rotaryDim % 2 !== 0) {
    throw engineError(
      'InvalidFileError',
      `${fields.place}: ${rotaryDim} of ${headDim} channels of a head cannot rotate.`,
    );
  }
  const delta = {
    numKeyHeads: fields.size('linear_num_key_heads', LIMITS.numHeads, 16),
    numValueHeads: fields.size('linear_num_value_heads', LIMITS.numHeads, 32),
    keyHeadDim: fields.size('linear_key_head_dim', LIMITS.headDim, 128),
    valueHeadDim: fields.size('linear_value_head_dim', LIMITS.headDim, 128),
    taps: fields.size('linear_conv_kernel_dim', LIMITS.taps, 4),
  };
  checkDelta(delta, fields);
  return { layerKinds: layerKinds(fields, numLayers), rotaryDim, delta };
}

function layerKinds(fields: Fields, numLayers: number): LayerKind[] {
  const stated = fields.value('layer_types');
  if (stated === undefined) {
    const interval = fields.size('full_attention_interval', LIMITS.numLayers, 4);
    return Array.from({ length: numLayers }, (_, i) => ((i + 1) % interval === 0 ? 'attention' : 'delta-net'));
  }
  if (!Array.isArray(stated) || stated.length !== numLayers) {
    throw engineError('InvalidFileError', `${fields.place}: "layer_types" must name ${numLayers} layers.`);
  }
  return stated.map((type: unknown) => {
    const kind = typeof type === 'string' && Object.hasOwn(LAYER_KINDS, type) ? LAYER_KINDS[type] : undefined;
    if (kind) return kind;
    throw engineError(
      'UnsupportedError',
      `${fields.place}: layers of the type ${JSON.stringify(type)} are not supported.`,
    );
  });
}

function checkDelta({ numKeyHeads, numValueHeads, keyHeadDim, valueHeadDim }: RecurrentSizes, { place }: Fields): void {
  if (numValueHeads % numKeyHeads !== 0) {
    const reason = `${numValueHeads} value heads cannot share ${numKeyHeads} key heads evenly`;
    throw engineError('InvalidFileError', `${place}: ${reason}.`);
  }
  if (keyHeadDim > WIDEST_DELTA_HEAD || valueHeadDim > WIDEST_DELTA_HEAD) {
    const reason = `delta rule heads of ${Math.max(keyHeadDim, valueHeadDim)} channels, at most ${WIDEST_DELTA_HEAD}`;
    throw engineError('UnsupportedError', `${place}: ${reason}, are supported.`);
  }
}
