import type { Block, PlacedBlock } from './nodes';
import { parseMarkdown } from './parser';

/**
 * The tree of a text that grows at its end. Only what the end can still change is read again, and finished blocks stay the
 * same objects. The tree is always the one that `parseMarkdown` makes of the whole text.
 */
export class StreamedMarkdown {
  #finished: Block[] = [];
  /** The text of the finished blocks. */
  #finishedText = '';

  /** `isOpen` says that more text may follow. */
  update(text: string, isOpen: boolean): Block[] {
    if (!text.startsWith(this.#finishedText)) this.#reset();
    const tail = text.slice(this.#finishedText.length);
    const placed = parseMarkdown(tail, isOpen);
    const blocks = [...this.#finished, ...placed.map(({ block }) => block)];
    this.#finish(tail, placed);
    return blocks;
  }

  #reset(): void {
    this.#finished = [];
    this.#finishedText = '';
  }

  /**
   * Markdown is read line by line: where the first line of a block is complete, nothing that follows changes the block before
   * it. A formula is the exception: without a proper end it is a part of the block before. Two blocks in one line are one
   * that is taken apart while its end is open.
   */
  #finish(tail: string, placed: readonly PlacedBlock[]): void {
    const lines = tail.split('\n');
    const end = placed.at(-1)?.block.type === 'math' ? placed.at(-1)!.line : lines.length - 1;
    const from = placed.findLast(({ line }) => line < end)?.line ?? 0;
    this.#finished.push(...placed.filter(({ line }) => line < from).map(({ block }) => block));
    for (const line of lines.slice(0, from)) this.#finishedText += `${line}\n`;
  }
}
