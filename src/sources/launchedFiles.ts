/** Files that the system opens an installed page with. Chromium alone has this. */
interface LaunchParams {
  files?: readonly { kind: string; getFile?: () => Promise<File> }[];
}

declare global {
  interface Window {
    launchQueue?: { setConsumer(consumer: (params: LaunchParams) => void): void };
  }
}

/** Calls `open` with the files that the page is opened with, now and whenever the system hands it more. */
export function onLaunchedFiles(open: (files: File[]) => void): void {
  window.launchQueue?.setConsumer(({ files = [] }) => {
    const reading = files.map((file) => file.getFile?.() ?? Promise.resolve(null));
    // A file that is gone by now is left out.
    void Promise.allSettled(reading).then((results) => {
      const found = results.flatMap((result) => (result.status === 'fulfilled' && result.value ? [result.value] : []));
      if (found.length > 0) open(found);
    });
  });
}
