import type { WgslSource } from '../../gpu/kernel';
import gatedOutput from './gatedOutput.wgsl?raw';
import plainOutput from './plainOutput.wgsl?raw';
import { SIGMOID } from './sigmoid';

/** Where the gates of attention's results lie among the queries, keys and values of a row. */
export interface OutputGate {
  /** Columns in front of the first head's gates. */
  gateStart: number;
  /** From one head's query to the next, and from its gates to the next. */
  queryStride: number;
}

/** The function `head_gate` of a kernel that writes what attention gives. Gated, it reads `qkv`, QKV_WIDTH and QUERY_STRIDE. */
export function outputGate(gate: OutputGate | null): WgslSource[] {
  return gate
    ? [{ file: 'gatedOutput.wgsl', text: gatedOutput }, SIGMOID]
    : [{ file: 'plainOutput.wgsl', text: plainOutput }];
}
