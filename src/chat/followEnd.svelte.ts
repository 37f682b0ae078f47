/** Distance from the end, in CSS pixels, within which a reader who scrolls down is taken to want the newest line. */
const NEAR_END = 32;

/** Keeps a scrolling list at its end while the reader is there, and leaves it alone once the reader goes up. */
export class FollowEnd {
  isAtEnd = $state(true);
  #list: HTMLElement | null = null;
  #lastTop = 0;

  /** Attachment for the scrolling element; its children are what grows. */
  readonly attach = (list: HTMLElement): (() => void) => {
    this.#list = list;
    const scrolled = () => this.#judge(list);
    const grown = new ResizeObserver(() => {
      if (this.isAtEnd) this.#jump();
    });
    list.addEventListener('scroll', scrolled, { passive: true });
    for (const element of [list, ...list.children]) grown.observe(element);
    return () => {
      list.removeEventListener('scroll', scrolled);
      grown.disconnect();
    };
  };

  /** Attachment for the same element where there is nothing to follow yet: it shows its beginning. */
  readonly rest = (list: HTMLElement): void => {
    this.isAtEnd = true;
    list.scrollTo({ top: 0 });
  };

  /** Goes to the end and follows from there. */
  toEnd(): void {
    this.isAtEnd = true;
    this.#jump();
  }

  /** Goes to an element of the list and stays there, with the keyboard. */
  show(element: HTMLElement | null): void {
    this.isAtEnd = false;
    element?.scrollIntoView({ block: 'center' });
    this.focus();
  }

  /** Moves the keyboard to the list, which it can scroll then. */
  focus(): void {
    this.#list?.focus({ preventScroll: true });
  }

  /** The first small movement upwards counts: otherwise the next word would pull the reader back down. */
  #judge(list: HTMLElement): void {
    const distance = list.scrollHeight - list.scrollTop - list.clientHeight;
    const wentUp = list.scrollTop < this.#lastTop;
    this.#lastTop = list.scrollTop;
    if (distance < 1) this.isAtEnd = true;
    else if (wentUp) this.isAtEnd = false;
    else if (distance < NEAR_END) this.isAtEnd = true;
  }

  #jump(): void {
    this.#list?.scrollTo({ top: this.#list.scrollHeight });
  }
}
