/** A browser looks for a new version when the page is opened; an installed app may stay open for weeks. */
const LOOK_EVERY_MILLISECONDS = 60 * 60 * 1000;

/** The new version of the app that waits for the reader's consent, and its service worker. */
export class AppUpdate {
  /** A new version is there, or is in use in another tab already. */
  isReady = $state(false);
  #registration: ServiceWorkerRegistration | null = null;
  #isAgreed = false;
  #lookedAt = Date.now();

  /** Makes the built app open offline. The development server has no service worker. */
  async register(): Promise<void> {
    if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
    const { serviceWorker } = navigator;
    // The first version takes over nothing.
    const hadOne = serviceWorker.controller !== null;
    serviceWorker.addEventListener('controllerchange', () => {
      if (this.#isAgreed) location.reload();
      else this.isReady = hadOne;
    });
    // Where registration is refused (private windows, file URLs) the page works all the same, online.
    this.#registration = await serviceWorker.register('./sw.js').catch(() => null);
    this.#registration?.addEventListener('updatefound', () => this.#follow());
    this.#follow();
    document.addEventListener('visibilitychange', () => void this.#lookAgain());
  }

  /** Puts the new version in the place of this one and loads the page again. */
  apply(): void {
    const waiting = this.#registration?.waiting;
    this.#isAgreed = true;
    if (waiting) waiting.postMessage('take over');
    else location.reload();
  }

  #follow(): void {
    const registration = this.#registration!;
    const look = () => (this.isReady ||= registration.waiting !== null && registration.active !== null);
    registration.installing?.addEventListener('statechange', look);
    look();
  }

  async #lookAgain(): Promise<void> {
    const isDue = Date.now() - this.#lookedAt > LOOK_EVERY_MILLISECONDS;
    if (document.visibilityState !== 'visible' || !isDue) return;
    this.#lookedAt = Date.now();
    // Without a network there is nothing to find.
    await this.#registration?.update().catch(() => undefined);
  }
}
