/** What a tab tells others of the model that it has in memory. */
export interface SeatHolder {
  model: string;
  /** The title of its conversation; '' where it has none. */
  chat: string;
}

type Message = { asks: true } | { holder: SeatHolder } | { left: true };

const LOCK = 'minicpm.model';
const CHANNEL = 'minicpm.model';
const RELOAD_MILLISECONDS = 250;
/** A tab that the browser has frozen does not answer. */
const ANSWER_MILLISECONDS = 400;
/** Freeing some gigabytes of a busy device takes a while. */
const LEAVE_MILLISECONDS = 3000;

/**
 * The right to have a model in memory, which one tab has at a time: two models would need twice the memory. Where the
 * browser has no Web Locks, every tab has it.
 */
export class ModelSeat {
  readonly #describe: () => SeatHolder;
  #channel: BroadcastChannel | null = null;
  #leave: (() => void) | null = null;

  /** `describe` tells what this tab shows. */
  constructor(describe: () => SeatHolder) {
    this.#describe = describe;
  }

  /**
   * Takes the seat, `isForced` from another tab, and waits until that has freed its memory. False where another tab has it.
   * `onLost` is called when another tab takes it over, and resolves once the model is out of memory.
   */
  async take(isForced: boolean, onLost: () => Promise<void>): Promise<boolean> {
    if (this.#leave || !hasLocks()) return true;
    if (await this.#request({ ifAvailable: true }, onLost)) return true;
    if (!isForced) {
      // A page that was left this moment may not have given its locks back.
      await new Promise((resolve) => setTimeout(resolve, RELOAD_MILLISECONDS));
      return this.#request({ ifAvailable: true }, onLost);
    }
    const left = this.#hear((message) => ('left' in message ? true : null), LEAVE_MILLISECONDS);
    await this.#request({ steal: true }, onLost);
    await left;
    return true;
  }

  /** Gives the seat back. */
  leave(): void {
    this.#leave?.();
    this.#leave = null;
  }

  /** What the tab that has the seat shows; null where it does not answer. */
  holder(): Promise<SeatHolder | null> {
    const answer = this.#hear((message) => ('holder' in message ? message.holder : null), ANSWER_MILLISECONDS);
    this.#send({ asks: true });
    return answer;
  }

  #request(options: LockOptions, onLost: () => Promise<void>): Promise<boolean> {
    return new Promise((resolve, reject) => {
      let wasGranted = false;
      navigator.locks
        .request(LOCK, options, (lock) => {
          wasGranted = lock !== null;
          resolve(wasGranted);
          if (wasGranted) this.#listen();
          return wasGranted ? new Promise<void>((leave) => (this.#leave = leave)) : undefined;
        })
        .catch(async (error: unknown) => {
          if (!wasGranted) return reject(error);
          this.#leave = null;
          await onLost();
          this.#send({ left: true });
        });
    });
  }

  #listen(): void {
    this.#open().onmessage = ({ data }: MessageEvent<Message>) => {
      if ('asks' in data && this.#leave) this.#send({ holder: this.#describe() });
    };
  }

  /** The first message of which `read` makes something; null where none comes in time. */
  #hear<T>(read: (message: Message) => T | null, milliseconds: number): Promise<T | null> {
    const channel = this.#open();
    return new Promise((resolve) => {
      const done = (result: T | null) => {
        channel.removeEventListener('message', listen);
        resolve(result);
      };
      const listen = ({ data }: MessageEvent<Message>) => {
        const result = read(data);
        if (result !== null) done(result);
      };
      channel.addEventListener('message', listen);
      setTimeout(() => done(null), milliseconds);
    });
  }

  #send(message: Message): void {
    this.#open().postMessage(message);
  }

  /** Not before it is needed: pages without a model keep nothing open. */
  #open(): BroadcastChannel {
    this.#channel ??= new BroadcastChannel(CHANNEL);
    return this.#channel;
  }
}

function hasLocks(): boolean {
  return typeof navigator !== 'undefined' && 'locks' in navigator;
}
