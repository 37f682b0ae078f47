export type KvCacheFormat = 'f32' | 'f16' | 'int8';

export interface LoadRequest {
  /**
   * Tokens the KV cache has room for. Default: the longest context of the checkpoint, but 4096 at most. More than the
   * checkpoint was made for is taken as that: `Model.stats` says what became of it.
   */
  contextLength?: number;
  kvCache?: 'auto' | KvCacheFormat;
  /**
   * Of a model that sees: 'keep' loads the weights of its eyes with the others; 'release' brings them from storage with the
   * first picture and frees them half a minute behind the last one. Default: 'auto', which releases heavy eyes on devices
   * that are held in the hand or have little memory. Programs for pictures are made with the first one either way.
   */
  eyes?: 'auto' | 'keep' | 'release';
  /**
   * Of MiniCPM-V 4.6: how many patches of a picture become a token. '4x' sees finer detail, for four times the tokens.
   * Loading rejects with UnsupportedError where the model has no such mode. Default: 'auto', as the checkpoint says.
   */
  downsampling?: 'auto' | '16x' | '4x';
  /**
   * 'exclusive' rejects with ModelInUseError where the model is loaded already, here or in another tab, and keeps others
   * from loading it. Default: 'shared', which only an exclusive load is in the way of.
   */
  sharing?: 'shared' | 'exclusive';
}

export interface ModelStats {
  prefillTokens: number;
  prefillSeconds: number;
  decodeTokens: number;
  decodeSeconds: number;
  dispatches: number;
  submits: number;
  readbacks: number;
  uploadedBytes: number;
  gpuBytes: number;
  /** Buffers, bind groups and pipelines made since load. */
  gpuObjectsCreated: number;
  weightBytesPerToken: number;
  /** Tokens the KV cache has room for: prompt and answer together. */
  contextLength: number;
  prefixTokensReused: number;
  /** Parts of pictures that the vision tower computed, those whose features were there already, and the time it took. */
  tilesEncoded: number;
  tilesReused: number;
  encodeSeconds: number;
  /** Tokens that prompt-lookup decoding guessed, and those of them that were right. */
  draftedTokens: number;
  acceptedTokens: number;
}
