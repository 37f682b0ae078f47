/** Distance from the end, in CSS pixels, within which the reader counts as reading the newest line. */
const NEAR_END = 48;

/** Keeps a scrolling list at its end while the reader is there, and leaves it alone where the reader has gone up. */
export class FollowEnd {
  isAtEnd = $state(true);
  #list: HTMLElement | null = null;

  /** Attachment for the scrolling element. */
  readonly attach = (list: HTMLElement): (() => void) => {
    this.#list = list;
    const scrolled = () => (this.isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_END);
    const resized = new ResizeObserver(() => {
      if (this.isAtEnd) this.#jump();
    });
    list.addEventListener('scroll', scrolled, { passive: true });
    resized.observe(list);
    for (const child of list.children) resized.observe(child);
    return () => {
      list.removeEventListener('scroll', scrolled);
      resized.disconnect();
    };
  };

  /** Goes to the end and follows from there. */
  toEnd(): void {
    this.isAtEnd = true;
    this.#jump();
  }

  #jump(): void {
    this.#list?.scrollTo({ top: this.#list.scrollHeight });
  }
}
