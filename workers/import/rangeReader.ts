import { engineError } from '../errors';
import type { ByteRange } from './byteSource';
import type { FileHash } from './fileHash';
import type { HttpBody } from './httpBody';
import { Part } from './part';
import { TransientError, waitToRetry } from './retry';
import type { Transfer } from './transfer';

/** The first request for bytes that nobody announced. */
export const FIRST_PART_BYTES = 64 * 1024;
const MAX_PART_BYTES = 4 * 1024 * 1024;
const MIN_PART_BYTES = 16 * 1024;
/** A window is cut into so many requests, as far as their length allows. */
const PARTS_PER_WINDOW = 8;
/** Reading on through this much is cheaper than leaving it out. */
const SKIP_BYTES = 256 * 1024;
/** A server that answers with the whole file in place of a range is asked so many times more. */
const RANGE_ATTEMPTS = 2;

interface Waiting {
  resolve: () => void;
  reject: (reason: unknown) => void;
}

/** Requests these bytes of the file; the answer may be the whole of it. */
export type RequestRange = (range: ByteRange, controller: AbortController) => Promise<HttpBody>;

/**
 * Reads a file on a server by ranges: those that were announced several at once and ahead, within a window; any others
 * when they are asked for. A request that breaks goes on at the byte it had reached. A server that knows no ranges is
 * read as one stream.
 */
export class RangeReader {
  readonly #place: string;
  readonly #size: number | null;
  readonly #request: RequestRange;
  readonly #transfer: Transfer;
  /** Is told every byte that comes, where somebody wants to know the hash. */
  readonly #hash: FileHash | null;
  /** Announced, and not asked for yet. */
  #planned: ByteRange[] = [];
  #window = 0;
  /** Asked for ahead, and not settled yet, in the order of the plan. */
  #ahead: Part[] = [];
  #settled = 0;
  /** The last that was asked for without a plan. */
  #single: Part | null;
  /** Of the requests under way. */
  readonly #controllers = new Set<AbortController>();
  /** Parts that are being filled. */
  #active = 0;
  #knowsRanges: boolean;
  /** The whole file as it comes, where the server knows no ranges. */
  #stream: HttpBody | null = null;
  /** Only one part at a time is filled from a stream. */
  #turn: Promise<void> = Promise.resolve();
  /** Those who wait for a part to be asked for. */
  #waiting: Waiting[] = [];

  /** `first` is the answer to a request for the first FIRST_PART_BYTES. */
  constructor(place: string, first: HttpBody, request: RequestRange, transfer: Transfer, hash: FileHash | null) {
    this.#place = place;
    this.#size = first.version.size;
    this.#request = request;
    this.#transfer = transfer;
    this.#hash = hash;
    this.#knowsRanges = first.isPartial;
    const end = (first.isPartial ? first.end : this.#size) ?? FIRST_PART_BYTES;
    this.#single = new Part(0, Math.min(end, FIRST_PART_BYTES));
    this.#controllers.add(first.controller);
    this.#start(this.#single, first);
  }

  /** See ByteSource. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#readParts(offset, length, (next, missing) => this.#partAt(next, missing));
  }

  /** See ByteSource. */
  readAside(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#readParts(offset, length, (next, missing) => this.#partAside(next, missing));
  }

  /** See ByteSource. */
  expect(ranges: ByteRange[], window: number): void {
    const start = ranges[0]?.from ?? 0;
    // What is read over between two ranges takes room, too.
    this.#window = window + largestSmallGap(ranges);
    this.#settled = start;
    // What was read last, a header in most files, often reaches into the plan.
    if (this.#single?.covers(start)) {
      this.#ahead = [this.#single];
      this.#single = null;
    }
    const known = this.#ahead[0]?.to ?? start;
    const partBytes = Math.max(MIN_PART_BYTES, Math.min(MAX_PART_BYTES, Math.ceil(window / PARTS_PER_WINDOW)));
    this.#planned = withoutSmallGaps(ranges).flatMap(({ from, to }, i) => cut(i === 0 ? known : from, to, partBytes));
    this.#startPlanned();
  }

  /** See ByteSource. */
  settle(offset: number): void {
    this.#settled = Math.max(this.#settled, offset);
    this.#planned = this.#planned.filter(({ to }) => to > offset);
    while (this.#ahead[0] && this.#ahead[0].to <= offset) {
      const part = this.#ahead.shift()!;
      this.#tellHash(part);
      part.release();
    }
    this.#startPlanned();
    this.#wake();
  }

  /** Tells the hash what has come in front of `offset`. */
  hashTo(offset: number): void {
    for (const part of this.#ahead) if (part.from < offset) this.#tellHash(part, offset);
  }

  /** Ends all requests. What has come completely is kept. */
  close(): void {
    for (const controller of this.#controllers) controller.abort();
    this.#controllers.clear();
    this.#stream = null;
    this.#planned = [];
    const closed = new TransientError('it was closed');
    for (const part of this.#single ? [this.#single, ...this.#ahead] : this.#ahead) if (!part.isFull) part.fail(closed);
    this.#ahead = [];
    if (!this.#single?.isFull) this.#single = null;
    for (const { reject } of this.#waiting.splice(0)) reject(closed);
  }

  async #readParts(
    offset: number,
    length: number,
    partAt: (offset: number, length: number) => Part | Promise<Part>,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length);
    for (let filled = 0; filled < length;) {
      const part = await partAt(offset + filled, length - filled);
      const piece = await part.read(offset + filled, length - filled);
      bytes.set(piece, filled);
      filled += piece.length;
    }
    return bytes;
  }

  #partAside(offset: number, length: number): Part {
    const known = this.#knownPart(offset);
    if (known) return known;
    if (this.#knowsRanges) return this.#startSingle(offset, length);
    const message = `${this.#place} cannot be read in parts: the server sends it only as a whole. Download it and open the file.`;
    throw engineError('NetworkError', message);
  }

  #knownPart(offset: number): Part | null {
    if (this.#single?.covers(offset)) return this.#single;
    return this.#ahead.find((part) => part.covers(offset)) ?? null;
  }

  async #partAt(offset: number, length: number): Promise<Part> {
    for (;;) {
      const known = this.#knownPart(offset);
      if (known) return known;
      const isPlanned = this.#planned.some(({ from, to }) => from <= offset && offset < to);
      if (!isPlanned) return this.#startSingle(offset, length);
      if (this.#startPlannedUpTo(offset)) continue;
      await new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    }
  }

  /** For headers and directories: more and more at a time for as long as they are read forwards. */
  #startSingle(offset: number, length: number): Part {
    const last = this.#single;
    const usual = last?.to === offset ? Math.min(MAX_PART_BYTES, 2 * (last.to - last.from)) : FIRST_PART_BYTES;
    const end = offset + Math.max(usual, Math.min(length, MAX_PART_BYTES));
    const part = new Part(offset, Math.max(offset + 1, Math.min(end, this.#size ?? end)));
    if (last) this.#tellHash(last);
    this.#single = part;
    this.#start(part);
    return part;
  }

  /** Asks for what is planned, as far as connections and window allow. */
  #startPlanned(): void {
    while (this.#planned[0] && this.#active < (this.#knowsRanges ? this.#transfer.connections.count : 1)) {
      const { from, to } = this.#planned[0];
      if (to - from > this.#room()) return;
      this.#planned.shift();
      this.#startAhead(from, to);
    }
  }

  /** Somebody waits for `offset`: if it is next, what of it has room in the window is asked for at once. */
  #startPlannedUpTo(offset: number): boolean {
    const next = this.#planned[0];
    if (!next || offset < next.from || offset >= next.to || offset >= next.from + this.#room()) return false;
    const end = Math.min(next.to, next.from + this.#room());
    this.#planned.splice(0, 1, ...(end < next.to ? [{ from: end, to: next.to }] : []));
    this.#startAhead(next.from, end);
    return true;
  }

  #startAhead(from: number, to: number): void {
    const part = new Part(from, to);
    this.#ahead.push(part);
    this.#start(part);
  }

  /** Bytes that may be asked for before more is settled. */
  #room(): number {
    const unsettled = ({ from, to }: Part) => Math.max(0, to - Math.max(from, this.#settled));
    return this.#window - this.#ahead.reduce((sum, part) => sum + unsettled(part), 0);
  }

  #tellHash(part: Part, end = part.to): void {
    this.#hash?.append(part.from, part.present(part.from, end));
  }

  /** Fills a part, from `body` first where there is one. */
  #start(part: Part, body: HttpBody | null = null): void {
    this.#active++;
    this.#fill(part, body)
      .catch((error: unknown) => part.fail(error))
      .finally(() => {
        this.#active--;
        this.#startPlanned();
      });
    this.#wake();
  }

  async #fill(part: Part, first: HttpBody | null): Promise<void> {
    let body = first;
    let failures = 0;
    while (!part.isFull && !part.hasFailed) {
      const before = part.position;
      try {
        if (this.#knowsRanges) await this.#fillFromRange(part, body, failures);
        else await this.#inTurn(() => this.#fillFromStream(part, body));
      } catch (error) {
        if (!(error instanceof TransientError)) throw error;
        if (part.hasFailed) return;
        failures = part.position > before ? 1 : failures + 1;
        this.#transfer.connections.failed();
        await waitToRetry(this.#place, error, failures, this.#transfer.settings);
      }
      body = null;
    }
  }

  async #fillFromRange(part: Part, given: HttpBody | null, failures: number): Promise<void> {
    const body = given ?? (await this.#open(part));
    if (body.isPartial) return this.#fillFrom(body, part);
    if (failures >= RANGE_ATTEMPTS) {
      this.#knowsRanges = false;
      return this.#inTurn(() => this.#fillFromStream(part, body));
    }
    this.#end(body);
    throw new TransientError('it sends the whole file in place of a part');
  }

  async #fillFrom(body: HttpBody, part: Part): Promise<void> {
    try {
      await this.#copy(body, part);
      // Behind its end a connection can be used again; one that would send more than it was asked for cannot.
      if ((await body.next(1)).length === 0) this.#controllers.delete(body.controller);
    } finally {
      if (this.#controllers.has(body.controller)) this.#end(body);
    }
  }

  async #fillFromStream(part: Part, given: HttpBody | null): Promise<void> {
    if (this.#stream && (given || this.#stream.position > part.position)) {
      this.#end(this.#stream);
      this.#stream = null;
    }
    const body = this.#stream ?? given ?? (await this.#open(part));
    if (body.isPartial) {
      this.#knowsRanges = true;
      return this.#fillFrom(body, part);
    }
    this.#stream = body;
    try {
      await body.skipTo(part.position);
      await this.#copy(body, part);
    } catch (error) {
      this.#end(body);
      this.#stream = null;
      throw error;
    }
  }

  async #open({ position, to }: Part): Promise<HttpBody> {
    const controller = new AbortController();
    this.#controllers.add(controller);
    try {
      return await this.#request({ from: position, to }, controller);
    } catch (error) {
      this.#controllers.delete(controller);
      throw error;
    }
  }

  #end({ controller }: HttpBody): void {
    controller.abort();
    this.#controllers.delete(controller);
  }

  async #copy(body: HttpBody, part: Part): Promise<void> {
    while (!part.isFull) {
      const piece = await body.next(part.to - part.position);
      if (piece.length === 0) throw new TransientError(`it ended early at byte ${body.position}`);
      part.append(piece);
      this.#transfer.connections.received(piece.length);
    }
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  #wake(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }
}

function withoutSmallGaps(ranges: ByteRange[]): ByteRange[] {
  const joined: ByteRange[] = [];
  for (const range of ranges) {
    const last = joined.at(-1);
    if (last && range.from >= last.from && range.from - last.to <= SKIP_BYTES) last.to = Math.max(last.to, range.to);
    else joined.push({ ...range });
  }
  return joined;
}

function largestSmallGap(ranges: ByteRange[]): number {
  const gaps = ranges.slice(1).map(({ from }, i) => from - ranges[i]!.to);
  return Math.max(0, ...gaps.filter((gap) => gap <= SKIP_BYTES));
}

function cut(from: number, to: number, partBytes: number): ByteRange[] {
  const ranges: ByteRange[] = [];
  for (let start = from; start < to; start += partBytes)
    ranges.push({ from: start, to: Math.min(to, start + partBytes) });
  return ranges;
}
