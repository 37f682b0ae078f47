import { argmaxReference } from '../kernels/argmax/argmax.reference';
import { penalizeReference } from '../kernels/penalize/penalize.reference';
import { sampleReference } from '../kernels/sample/sample.reference';
import { countToken, tokenHistory, type Sampling } from '../kernels/shared/sampling';
import type { Program, Step } from './backend';
import { cpuBuffer } from './cpuBuffer';
import { checkSampled, type SampledToken, type TokenLoop } from './tokenLoop';

/** The token loop in plain TypeScript. A token is computed when it is asked for, so none is asked for ahead. */
export class CpuTokenLoop implements TokenLoop {
  readonly mostInFlight = 1;
  #sampling!: Sampling;
  readonly #history: Uint32Array;
  #next = { tokenId: 0, position: 0 };

  constructor(
    private readonly decode: Program,
    private readonly vocabSize: number,
  ) {
    this.#history = new Uint32Array(vocabSize);
  }

  begin(sampling: Sampling, promptTokens: readonly number[], written: readonly number[] = []): void {
    this.#sampling = sampling;
    this.#history.set(tokenHistory(this.vocabSize, promptTokens, written));
  }

  *first(
    program: Program,
    step: Step,
    wantsLogits: boolean,
    size: () => number,
  ): Generator<number, Promise<SampledToken>> {
    yield* program.parts(step, size);
    return this.#sample(step, cpuBuffer(program.output).floats.slice(0, this.vocabSize), wantsLogits);
  }

  async next(wantsLogits: boolean): Promise<SampledToken> {
    const { tokenId, position } = this.#next;
    const step = { tokenIds: [tokenId], position };
    const logits = await this.decode.run(step, 1);
    return this.#sample(step, logits.subarray(0, this.vocabSize), wantsLogits);
  }

  async #sample(
    { tokenIds, position }: Step,
    logits: Float32Array<ArrayBuffer>,
    wantsLogits: boolean,
  ): Promise<SampledToken> {
    const last = position + tokenIds.length - 1;
    const penalized = penalizeReference(logits, this.#history, this.#sampling);
    const tokenId = checkSampled(sampleReference(penalized, this.#sampling, last));
    countToken(this.#history, tokenId);
    this.#next = { tokenId, position: last + 1 };
    return { tokenId, logits: wantsLogits ? logits : null };
  }

  prepareCheck(): Promise<void> {
    return Promise.resolve();
  }

  async check(program: Program, step: Step): Promise<number[]> {
    const rows = step.tokenIds.length;
    const logits = await program.run(step, rows);
    const width = logits.length / rows;
    return Array.from({ length: rows }, (_, row) =>
      checkSampled(argmaxReference(logits.subarray(row * width, row * width + this.vocabSize))),
    );
  }

  resume(tokenId: number, position: number): void {
    this.#next = { tokenId, position };
  }
}
