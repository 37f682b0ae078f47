import type { Surroundings } from './deviceReport';

/** What the browser tells about itself and its window at the moment. */
export function surroundings(): Surroundings {
  return {
    time: new Date().toISOString(),
    userAgent: navigator.userAgent,
    languages: navigator.languages,
    screen: [window.innerWidth, window.innerHeight, window.devicePixelRatio],
    cores: coreCount(),
    isInstalled: matchMedia('(display-mode: standalone)').matches,
  };
}

/** Null where the browser does not tell. */
export function coreCount(): number | null {
  return navigator.hardwareConcurrency || null;
}
