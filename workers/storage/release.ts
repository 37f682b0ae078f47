/**
 * Gives the memory of bytes that nobody needs any more back at once. Where chunk follows chunk, the garbage collector,
 * which sees small objects only, comes too late. Nothing happens in browsers that cannot.
 */
export function release({ buffer }: Uint8Array<ArrayBuffer>): void {
  if ('transfer' in buffer) buffer.transfer(0);
}
