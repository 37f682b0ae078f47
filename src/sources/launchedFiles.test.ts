import { afterEach, expect, test, vi } from 'vitest';
import { onLaunchedFiles } from './launchedFiles';

afterEach(() => vi.unstubAllGlobals());

type Consumer = Parameters<NonNullable<Window['launchQueue']>['setConsumer']>[0];

/** A page at '/app/' that the system opens with `launch`, and what it was told to open. */
function fakeLaunch() {
  const opened: string[][] = [];
  const location = { href: 'https://example.org/app/', hash: '' };
  let launch: Consumer = () => undefined;
  vi.stubGlobal('location', location);
  vi.stubGlobal('window', { launchQueue: { setConsumer: (consumer: Consumer) => (launch = consumer) } });
  onLaunchedFiles((files) => opened.push(files.map(({ name }) => name)));
  return { launch, opened, location };
}

const handle = (name: string) => ({ kind: 'file', getFile: () => Promise.resolve(new File([], name)) });
const settled = () => new Promise((resolve) => setTimeout(resolve));

test('files that the system opens the app with are opened together, each time', async () => {
  const { launch, opened } = fakeLaunch();
  launch({ files: [handle('model.gguf'), handle('mmproj.gguf')], targetURL: 'https://example.org/app/' });
  await settled();
  launch({ files: [handle('other.gguf')] });
  await settled();
  expect(opened).toEqual([['model.gguf', 'mmproj.gguf'], ['other.gguf']]);
});

test('files that are gone, folders, and a launch without files open nothing', async () => {
  const { launch, opened } = fakeLaunch();
  const gone = { kind: 'file', getFile: () => Promise.reject(new DOMException('gone', 'NotFoundError')) };
  launch({});
  launch({ files: [gone, { kind: 'directory' }] });
  await settled();
  expect(opened).toEqual([]);
  launch({ files: [gone, handle('model.gguf')] });
  await settled();
  expect(opened).toEqual([['model.gguf']]);
});

test('a shortcut leads to its place, and a launch without one leaves the place alone', () => {
  const { launch, location } = fakeLaunch();
  launch({ targetURL: 'https://example.org/app/#storage' });
  expect(location.hash).toBe('#storage');
  launch({ targetURL: 'https://example.org/app/' });
  expect(location.hash).toBe('#storage');
});

test('a browser without launches is left alone', () => {
  vi.stubGlobal('window', {});
  expect(() => onLaunchedFiles(() => undefined)).not.toThrow();
});
