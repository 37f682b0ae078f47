/** What the system opens an installed page with. Chromium alone has this. */
interface LaunchParams {
  files?: readonly { kind: string; getFile?: () => Promise<File> }[];
  targetURL?: string;
}

declare global {
  interface Window {
    launchQueue?: { setConsumer(consumer: (params: LaunchParams) => void): void };
  }
}

/**
 * Calls `open` with the files that the page is opened with, now and whenever the system hands it more. A page that is open
 * already is not loaded again for a shortcut: it goes to that place.
 */
export function onLaunchedFiles(open: (files: File[]) => void): void {
  window.launchQueue?.setConsumer(({ files = [], targetURL }) => {
    const { hash } = new URL(targetURL ?? '', location.href);
    if (targetURL && hash !== '') location.hash = hash;
    const reading = files.map((file) => file.getFile?.() ?? Promise.resolve(null));
    // A file that is gone by now is left out.
    void Promise.allSettled(reading).then((results) => {
      const found = results.flatMap((result) => (result.status === 'fulfilled' && result.value ? [result.value] : []));
      if (found.length > 0) open(found);
    });
  });
}
