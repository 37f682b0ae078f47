import { hasErrorName } from '../../workers/errors';
import type { ChatCompletionChunk, ChatRequest } from './api';

/** A device that is lost once more in the same answer will be lost again: then the reader decides. */
const MOST_RECOVERIES = 2;

/**
 * An answer that outlives its device: where that is lost, `recover` brings the model back, and the answer goes on with the
 * tokens that would have followed. `begin` starts an answer, or goes on with one of which some tokens are written. Throws
 * DeviceLostError where the device is lost a third time, and what `recover` throws.
 */
export async function* lastingAnswer<Request extends Omit<ChatRequest, 'stream'>>(
  request: Request,
  begin: (request: Request) => Promise<AsyncIterable<ChatCompletionChunk>>,
  recover: (signal: AbortSignal | undefined) => Promise<void>,
): AsyncGenerator<ChatCompletionChunk, void> {
  const written: number[] = [];
  // What is drawn behind a recovery is what would have been drawn.
  const seed = request.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]!;
  for (let recoveries = 0; ; recoveries++) {
    try {
      for await (const chunk of await begin({
        ...request,
        seed,
        return_token_ids: true,
        written_token_ids: [...written],
      })) {
        written.push(...(chunk.choices[0]?.token_ids ?? []));
        yield chunk;
      }
      return;
    } catch (error) {
      const isLost = hasErrorName(error, 'DeviceLostError');
      if (!isLost || request.signal?.aborted || recoveries === MOST_RECOVERIES) throw error;
    }
    await recover(request.signal);
  }
}
