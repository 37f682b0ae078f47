import { CHUNK_BYTES } from '../checkpoint/manifest';
import type { TransferOptions } from '../protocol/importing';
import { Connections } from './connections';

/** What the requests of one import share. */
export interface Transfer {
  settings: Required<TransferOptions>;
  connections: Connections;
  /** What requests to an origin carry as `Authorization`. */
  tokens: ReadonlyMap<string, string>;
}

const DEFAULTS: Required<TransferOptions> = {
  chunkBytes: CHUNK_BYTES,
  connections: 6,
  stallSeconds: 30,
  retrySeconds: 0.5,
  attempts: 7,
};

/** A transfer as `options` ask for; `tokens` by origin. */
export function createTransfer(
  options: TransferOptions = {},
  tokens: ReadonlyMap<string, string> = new Map(),
): Transfer {
  const settings = { ...DEFAULTS, ...options };
  return { settings, connections: new Connections(settings.connections), tokens };
}

/** A server that has not answered once is more likely wrong than busy. */
const FIRST_ATTEMPTS = 3;

/** How patiently a file is asked for that nothing has come of yet. */
export function firstSettings({ settings }: Transfer): Required<TransferOptions> {
  return { ...settings, attempts: Math.min(FIRST_ATTEMPTS, settings.attempts) };
}
