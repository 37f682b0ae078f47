/**
 * Gives the memory of bytes that nobody needs any more back at once: where chunk follows chunk, the garbage collector comes
 * too late. A message that nobody gets takes it along. `transfer` would free it in the books of the collector only, while
 * Chromium keeps what it has read or stored.
 */
export function release({ buffer }: Uint8Array<ArrayBuffer>): void {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(null, [buffer]);
  port1.close();
  port2.close();
}
