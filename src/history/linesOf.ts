/** The lines of a text file in turn, of which no more than one is held. */
export async function* linesOf(file: Blob): AsyncGenerator<string, void> {
  const reader = file.stream().pipeThrough(new TextDecoderStream()).getReader();
  // Pieces are joined once: a line of megabytes comes in hundreds of them.
  let line: string[] = [];
  for (;;) {
    const { done, value = '' } = await reader.read();
    if (done) break;
    const [first, ...others] = value.split('\n');
    line.push(first!);
    for (const other of others) {
      yield line.join('');
      line = [other];
    }
  }
  yield line.join('');
}
