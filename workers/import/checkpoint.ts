import type { TokenizerRecord } from '../checkpoint/manifest';
import type { ModelConfig } from '../checkpoint/modelConfig';
import type { SourceTensor } from '../checkpoint/tensorTable';
import type { SamplingDefaults } from '../protocol/model';
import type { ByteSource } from './byteSource';

/** A checkpoint whose description has been read and accepted; its weights have not been touched. */
export interface Checkpoint {
  modelName: string;
  config: ModelConfig;
  sampling: SamplingDefaults;
  tokenizer: TokenizerRecord | null;
  licence: string | null;
  /** In the order of the files, `tensor.file` being an index into `weights`. */
  tensors: SourceTensor[];
  weights: ByteSource[];
}
