import { recall, remember } from '../app/remembered';
import { randomId } from '../engine/randomId';

/** What can take a page down with it. */
export type Undertaking = 'loading' | 'answering';

/** What visits have ended in, one after the other, without a word. */
export interface Crash {
  during: Undertaking;
  /** Starts in a row of which that never ended. */
  times: number;
}

/** From here on the page is in a loop, and offers another way to start. */
export const CRASH_LOOP = 2;

/** What each tab is doing; a mark that outlives its tab is what took that down. */
type Marks = Record<string, Undertaking>;

/**
 * Knows at the start whether the visits before were taken down in the midst of something: a mark in localStorage says what
 * goes on, and a page that is left in an orderly way takes it off. What is killed in the background, as phones do, is no crash.
 */
export class CrashWatch {
  readonly #tab = randomId();
  #doing: Undertaking | null = null;
  /** How the visits before have ended; null where they ended well. */
  crash = $state.raw<Crash | null>(readCrash());

  /** Notes what visits that are gone have left, and from here on what this one does. */
  async start(): Promise<void> {
    holdTab(this.#tab);
    document.addEventListener('visibilitychange', () => this.#mark());
    window.addEventListener('pagehide', () => this.#mark(null));
    const alive = await tabsAlive();
    if (alive) this.crash = afterVisits(readMarks(), alive, this.crash, this.#tab);
    writeMarks(Object.fromEntries(Object.entries(readMarks()).filter(([tab]) => alive?.has(tab) ?? true)));
    writeCrash(this.crash);
  }

  /** This visit is doing something from now on, or, with null, nothing that could take it down. */
  note(doing: Undertaking | null): void {
    if (doing === null && this.#doing !== null) this.#ended(this.#doing);
    this.#doing = doing;
    this.#mark();
  }

  /** Takes another start for the first one. */
  forget(): void {
    this.crash = null;
    writeCrash(null);
  }

  /** What has ended well once will not take the page down each time; an answer comes behind a load. */
  #ended(doing: Undertaking): void {
    if (this.crash && (doing === 'answering' || this.crash.during === 'loading')) this.forget();
  }

  #mark(doing = document.visibilityState === 'visible' ? this.#doing : null): void {
    const { [this.#tab]: _own, ...others } = readMarks();
    writeMarks(doing ? { ...others, [this.#tab]: doing } : others);
  }
}

/** Counts on: one visit that was taken down adds one, however many of its tabs left a mark. */
export function afterVisits(
  marks: Marks,
  alive: ReadonlySet<string>,
  before: Crash | null,
  ownTab: string,
): Crash | null {
  const dead = Object.entries(marks).filter(([tab]) => tab !== ownTab && !alive.has(tab));
  const during = dead.at(-1)?.[1];
  return during ? { during, times: (before?.times ?? 0) + 1 } : before;
}

function readMarks(): Marks {
  const marks: Marks = {};
  for (const [tab, doing] of Object.entries(parsed(recall('underWay')))) {
    if (doing === 'loading' || doing === 'answering') marks[tab] = doing;
  }
  return marks;
}

function writeMarks(marks: Marks): void {
  remember('underWay', Object.keys(marks).length > 0 ? JSON.stringify(marks) : null);
}

function readCrash(): Crash | null {
  const { during, times } = parsed(recall('crashes'));
  const isKnown = during === 'loading' || during === 'answering';
  return isKnown && typeof times === 'number' ? { during, times } : null;
}

function writeCrash(crash: Crash | null): void {
  remember('crashes', crash && JSON.stringify(crash));
}

function parsed(json: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json ?? '{}');
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

const lockOf = (tab: string) => `minicpm.tab.${tab}`;

/** For as long as this tab lives. */
function holdTab(tab: string): void {
  if ('locks' in navigator) void navigator.locks.request(lockOf(tab), () => new Promise<void>(() => undefined));
}

/** Null where the browser has no Web Locks: then no mark is known to be a dead one's. */
async function tabsAlive(): Promise<Set<string> | null> {
  if (!('locks' in navigator)) return null;
  const { held = [] } = await navigator.locks.query();
  const prefix = lockOf('');
  return new Set(held.flatMap(({ name = '' }) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : [])));
}
