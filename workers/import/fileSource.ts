import { engineError } from '../errors';
import type { ByteSource } from './byteSource';

/** A file that the person picked or dropped. */
export class FileSource implements ByteSource {
  readonly statedHash = null;
  readonly #file: File;

  constructor(file: File) {
    this.#file = file;
  }

  get name(): string {
    return this.#file.name;
  }

  get size(): number {
    return this.#file.size;
  }

  get fingerprint(): string {
    return `${this.#file.name} ${this.#file.size} ${this.#file.lastModified}`;
  }

  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (offset + length > this.size) {
      throw engineError('InvalidFileError', `${this.name} ends at byte ${this.size}, before byte ${offset + length}.`);
    }
    try {
      return new Uint8Array(await this.#file.slice(offset, offset + length).arrayBuffer());
    } catch (error) {
      throw engineError(
        'InvalidFileError',
        `${this.name} cannot be read any more. Was it moved, deleted or changed?`,
        error,
      );
    }
  }

  readAside(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.read(offset, length);
  }

  readAll(limit: number): Promise<Uint8Array<ArrayBuffer>> {
    if (this.size <= limit) return this.read(0, this.size);
    throw engineError(
      'InvalidFileError',
      `${this.name} is too large: ${this.size} bytes, at most ${limit} are expected.`,
    );
  }

  expect(): void {
    // A disk needs no announcement.
  }

  settle(): void {
    // Nothing is kept.
  }

  resumeHash(): void {
    // Nobody states the hash of a file on the disk.
  }

  hashTo(): null {
    return null;
  }

  close(): void {
    // A file holds nothing open between reads.
  }
}
