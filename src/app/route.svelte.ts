/** Parts of the page with an address of their own: '#' and the name. */
const SCREENS = ['benchmark', 'device', 'live', 'settings', 'storage'] as const;

export type ScreenName = (typeof SCREENS)[number];

/** The address of a screen, for links. */
export function addressOf(screen: ScreenName): string {
  return `#${screen}`;
}

/** Which screen is shown. The address says so, so that the browser's back button leads back. */
export class Route {
  /** Null for the start of the page or the conversation. */
  screen = $state<ScreenName | null>(screenOf(location.hash));
  /** Whether going back in history leads to the rest of the page. */
  #wasEntered = false;

  constructor() {
    window.addEventListener('hashchange', () => this.#follow());
  }

  /** Goes back to the start of the page or the conversation. */
  leave(): void {
    if (this.screen === null) return;
    if (this.#wasEntered) history.back();
    else location.hash = '';
  }

  /** Other fragments are places inside what is shown. */
  #follow(): void {
    const screen = screenOf(location.hash);
    if (screen === null && location.hash !== '') return;
    // From one screen to another, going back once leads to the first.
    this.#wasEntered = screen !== null && this.screen === null;
    this.screen = screen;
  }
}

function screenOf(hash: string): ScreenName | null {
  return SCREENS.find((name) => addressOf(name) === hash) ?? null;
}
