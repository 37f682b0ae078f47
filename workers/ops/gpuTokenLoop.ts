import { workgroupsFor } from '../gpu/grid';
import type { CompiledKernel, Launch } from '../gpu/kernel';
import { argmax } from '../kernels/argmax/argmax';
import { MAX_BATCH } from '../kernels/shared/batch';
import { penalize } from '../kernels/penalize/penalize';
import { sample } from '../kernels/sample/sample';
import {
  hasPenalties,
  samplingBytes,
  SAMPLING_BYTES,
  SEGMENT_TOKENS,
  tokenHistory,
  type Sampling,
} from '../kernels/shared/sampling';
import type { Program, Step } from './backend';
import { encodeDispatch, prepareDispatch, type PreparedDispatch } from './dispatch';
import type { GpuBackend } from './gpuBackend';
import type { GpuBuffer } from './gpuBuffer';
import { gpuProgram, type GpuProgram, type StepEnd } from './gpuProgram';
import { Readback, type Reading } from './readback';
import { checkSampled, type SampledToken, type TokenLoop } from './tokenLoop';

/** Enough to bridge a slow read-back even where a token takes a millisecond. */
const MOST_IN_FLIGHT = 32;
/** Most rows of a `check`. */
const MOST_ROWS = MAX_BATCH;

interface LoopMemory {
  sampling: GpuBuffer;
  history: GpuBuffer;
  penalized: GpuBuffer;
  segments: GpuBuffer;
  sampled: GpuBuffer;
  tokens: Readback;
  /** Tokens with their logits. */
  logits: Readback;
}

interface LoopKernels {
  penalize: Bindable;
  sample: Bindable;
}

interface Bindable {
  launch: Launch;
  kernel: CompiledKernel;
}

/** The token loop on the GPU: two dispatches behind the forward pass, in its submission, and 4 bytes to read. */
export class GpuTokenLoop implements TokenLoop {
  readonly mostInFlight = MOST_IN_FLIGHT;
  /** Where the next step stands. */
  #position = 0;
  readonly #choosing = new Map<GpuProgram, PreparedDispatch[]>();

  private constructor(
    private readonly backend: GpuBackend,
    private readonly decode: GpuProgram,
    prefill: GpuProgram,
    private readonly vocabSize: number,
    private readonly kernels: LoopKernels,
    private readonly memory: LoopMemory,
  ) {
    for (const program of [decode, prefill]) this.#choosing.set(program, this.#sampling(program));
  }

  static async create(
    backend: GpuBackend,
    decode: GpuProgram,
    prefill: GpuProgram,
    vocabSize: number,
  ): Promise<GpuTokenLoop> {
    const width = decode.outputWidth;
    const [penalizing, sampling] = await Promise.all([
      bindable(backend, penalize({ vocabSize, width })),
      bindable(backend, sample({ vocabSize })),
    ]);
    const memory = await backend.allocate(() => allocate(backend, vocabSize, width), freeMemory);
    const kernels = { penalize: penalizing, sample: sampling };
    return new GpuTokenLoop(backend, decode, prefill, vocabSize, kernels, memory);
  }

  begin(sampling: Sampling, promptTokens: readonly number[], written: readonly number[] = []): void {
    this.backend.write(this.memory.sampling, 0, samplingBytes(sampling));
    if (!hasPenalties(sampling)) return;
    const history = tokenHistory(this.vocabSize, promptTokens, written);
    this.backend.write(this.memory.history, 0, new Uint8Array(history.buffer));
  }

  *first(
    reading: Program,
    step: Step,
    wantsLogits: boolean,
    size: () => number,
  ): Generator<number, Promise<SampledToken>> {
    const program = gpuProgram(reading);
    const rows = step.tokenIds.length;
    const last = step.position + rows - 1;
    if (program !== this.decode) program.writeStep(step);
    // Sampling adds one to the position and puts its token in the place of this one.
    this.decode.writeStep({ tokenIds: [step.tokenIds[rows - 1]!], position: last });
    this.#position = last + 1;
    const { end, token, discard } = this.#sampled(program, rows, step.position, wantsLogits);
    let isSubmitted = false;
    try {
      yield* program.submitParts(rows, step.position, size, end);
      isSubmitted = true;
      return token();
    } finally {
      if (!isSubmitted) discard();
    }
  }

  next(wantsLogits: boolean): Promise<SampledToken> {
    const position = this.#position++;
    const { end, token } = this.#sampled(this.decode, 1, position, wantsLogits);
    this.decode.submitWhole(1, position, end);
    return token();
  }

  async prepareCheck(checking: Program): Promise<void> {
    const program = gpuProgram(checking);
    const choosing = await bindable(this.backend, argmax({ vocabSize: this.vocabSize, width: program.outputWidth }));
    const { penalized, segments, sampled } = this.memory;
    const greedy = this.#bind(choosing, [program.step, penalized, segments, sampled]);
    this.#choosing.set(program, [this.#penalizing(program), greedy]);
  }

  async check(checking: Program, step: Step): Promise<number[]> {
    const program = gpuProgram(checking);
    program.writeStep(step);
    const rows = step.tokenIds.length;
    const reading = this.memory.tokens.begin();
    program.submitWhole(rows, step.position, {
      compute: this.#chosen(program, rows, step.position),
      copy: (encoder) => reading.copy(encoder, this.memory.sampled, rows * 4),
    });
    return [...new Uint32Array(await reading.bytes())].map(checkSampled);
  }

  resume(tokenId: number, position: number): void {
    this.decode.writeStep({ tokenIds: [tokenId], position });
    this.#position = position;
  }

  /** The end of a step that samples the token behind it, and, once the step is submitted, that token or nothing of it. */
  #sampled(
    program: GpuProgram,
    rows: number,
    position: number,
    wantsLogits: boolean,
  ): { end: StepEnd; token: () => Promise<SampledToken>; discard: () => void } {
    const { sampled, tokens, logits } = this.memory;
    // Taken with the last part: a step that is given up before it reads nothing.
    let reading: Reading | null = null;
    const copy = (encoder: GPUCommandEncoder) => {
      reading = (wantsLogits ? logits : tokens).begin();
      reading.copy(encoder, sampled, 4);
      if (wantsLogits) reading.copy(encoder, program.output, this.vocabSize * 4);
    };
    const token = async () => {
      const bytes = await reading!.bytes();
      const tokenId = checkSampled(new Uint32Array(bytes, 0, 1)[0]!);
      return { tokenId, logits: wantsLogits ? new Float32Array(bytes, 4) : null };
    };
    const discard = () => reading?.discard();
    return { end: { compute: this.#chosen(program, rows, position), copy }, token, discard };
  }

  /** Encodes what chooses tokens by the logits of a program. */
  #chosen(program: GpuProgram, rows: number, position: number): (pass: GPUComputePassEncoder) => void {
    return (pass) => {
      const choosing = this.#choosing.get(program)!;
      for (const dispatch of choosing)
        encodeDispatch(pass, dispatch, Math.min(rows, program.outputRows), position + rows);
      this.backend.counters.dispatches += choosing.length;
    };
  }

  #sampling(program: GpuProgram): PreparedDispatch[] {
    const { sampling, history, penalized, segments, sampled } = this.memory;
    const { step, tokenIds } = this.decode;
    return [
      this.#penalizing(program),
      this.#bind(this.kernels.sample, [step, sampling, penalized, segments, history, tokenIds, sampled]),
    ];
  }

  #penalizing(program: GpuProgram): PreparedDispatch {
    const { sampling, history, penalized, segments } = this.memory;
    return this.#bind(this.kernels.penalize, [program.step, sampling, program.output, history, penalized, segments]);
  }

  #bind({ launch, kernel }: Bindable, buffers: GpuBuffer[]): PreparedDispatch {
    this.backend.counters.objectsCreated++;
    const resources = buffers.map(({ handle }) => ({ buffer: handle }));
    return prepareDispatch(this.backend.device, launch, kernel, resources);
  }
}

async function bindable(backend: GpuBackend, launch: Launch): Promise<Bindable> {
  return { launch, kernel: await backend.compileKernel(launch) };
}

function allocate(backend: GpuBackend, vocabSize: number, width: number): LoopMemory {
  const segments = workgroupsFor(vocabSize, SEGMENT_TOKENS);
  const uniform = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
  return {
    sampling: backend.createBuffer('sampling', SAMPLING_BYTES, uniform),
    history: backend.createBuffer('history', vocabSize * 4),
    penalized: backend.createBuffer('penalized', MOST_ROWS * width * 4),
    segments: backend.createBuffer('segments', MOST_ROWS * segments * 8),
    sampled: backend.createBuffer('sampled', MOST_ROWS * 4),
    tokens: new Readback(backend, MOST_ROWS * 4, MOST_IN_FLIGHT),
    logits: new Readback(backend, (1 + vocabSize) * 4),
  };
}

function freeMemory({ sampling, history, penalized, segments, sampled, tokens, logits }: LoopMemory): void {
  for (const memory of [sampling, history, penalized, segments, sampled, tokens, logits]) memory.destroy();
}
