import { engineError } from '../errors';
import { Fields } from './fields';
import type { JsonObject } from './json';
import { isJsonObject } from './json';

/** How the matrices of a checkpoint were quantised to 4 bits. */
export type QuantizationScheme =
  | {
      method: 'gptq';
      /** Columns of a group, −1 for all; null where only the shapes tell. */
      groupSize: number | null;
      /** What is added to stored zeros: files of version 1 hold one less. */
      zeroOffset: 0 | 1;
    }
  | { method: 'awq'; groupSize: number | null }
  | { method: 'mlx'; groupSize: number | null };

const BITS = 4;
const LARGEST_GROUP = 1 << 17;

/**
 * The scheme that config.json states (`quantization_config`; MLX's `quantization`), or for GPTQ a quantize_config.json
 * beside it (null where absent), which older checkpoints have alone; null where neither states one.
 * Throws UnsupportedError naming a method, version or number of bits that is not supported.
 */
export function quantizationScheme(config: JsonObject, quantizeConfig: JsonObject | null): QuantizationScheme | null {
  if (isStated(config.quantization)) return mlxScheme(fieldsOf(config.quantization, 'config.json, quantization'));
  if (!isStated(config.quantization_config)) {
    return quantizeConfig && schemeOf(new Fields('quantize_config.json', (key) => quantizeConfig[key]));
  }
  const fields = fieldsOf(config.quantization_config, 'config.json, quantization_config');
  // Only the file of its own tells the version where transformers has dropped it.
  return schemeOf(new Fields(fields.place, (key) => fields.value(key) ?? quantizeConfig?.[key]));
}

function isStated(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function schemeOf(fields: Fields): QuantizationScheme {
  const method = fields.string('quant_method', 'gptq').toLowerCase();
  switch (method) {
    case 'gptq':
      return gptqScheme(fields);
    case 'awq':
      return awqScheme(fields);
    default:
      throw unsupported(
        fields,
        `${method.toUpperCase()} checkpoints are not supported, only GPTQ, AWQ and MLX of 4 bits`,
      );
  }
}

function gptqScheme(fields: Fields): QuantizationScheme {
  requireBits(fields, 'GPTQ', 'bits');
  const format = fields.string('checkpoint_format', 'gptq').toLowerCase();
  const isMarlin = fields.boolean('is_marlin_format', false);
  if (isMarlin || (format !== 'gptq' && format !== 'gptq_v2')) {
    throw unsupported(fields, `GPTQ weights in the order of ${isMarlin ? 'marlin' : format} are not supported`);
  }
  return { method: 'gptq', groupSize: groupSize(fields, 'group_size'), zeroOffset: format === 'gptq' ? 1 : 0 };
}

/** transformers has its own names for the keys; AutoAWQ's quant_config.json is not read. */
function awqScheme(fields: Fields): QuantizationScheme {
  requireBits(fields, 'AWQ', 'bits');
  const version = fields.string('version', 'gemm').toLowerCase();
  if (version !== 'gemm')
    throw unsupported(fields, `AWQ weights in the order of ${version} are not supported, only gemm`);
  return { method: 'awq', groupSize: groupSize(fields, 'group_size') };
}

function mlxScheme(fields: Fields): QuantizationScheme {
  requireBits(fields, 'MLX', 'bits');
  const mode = fields.string('mode', 'affine');
  if (mode !== 'affine') throw unsupported(fields, `MLX weights in the mode "${mode}" are not supported, only affine`);
  return { method: 'mlx', groupSize: groupSize(fields, 'group_size') };
}

function requireBits(fields: Fields, method: string, key: string): void {
  const bits = fields.size(key, 64, BITS);
  if (bits !== BITS) throw unsupported(fields, `${method} weights of ${bits} bits are not supported, only ${BITS}`);
}

function groupSize(fields: Fields, key: string): number | null {
  if (fields.value(key) === undefined) return null;
  return fields.value(key) === -1 ? -1 : fields.size(key, LARGEST_GROUP);
}

function fieldsOf(value: unknown, place: string): Fields {
  if (!isJsonObject(value)) throw engineError('InvalidFileError', `${place}: it is not an object.`);
  return new Fields(place, (key) => value[key]);
}

function unsupported({ place }: Fields, reason: string): Error {
  return engineError('UnsupportedError', `${place}: ${reason}.`);
}
