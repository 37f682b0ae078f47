/** Which part of the page is shown. The address says so, so that the browser's back button leads back. */
export class Route {
  /** The fragment of the benchmark's address. */
  static readonly BENCHMARK = '#benchmark';

  isBenchmark = $state(location.hash === Route.BENCHMARK);
  /** Whether going back in history leads to the rest of the page. */
  #wasEntered = false;

  constructor() {
    window.addEventListener('hashchange', () => this.#follow());
  }

  /** Leaves the benchmark, where it is shown. */
  leave(): void {
    if (!this.isBenchmark) return;
    if (this.#wasEntered) history.back();
    else location.hash = '';
  }

  /** Other fragments are places inside what is shown. */
  #follow(): void {
    const { hash } = location;
    if (hash !== '' && hash !== Route.BENCHMARK) return;
    this.isBenchmark = hash === Route.BENCHMARK;
    this.#wasEntered = this.isBenchmark;
  }
}
