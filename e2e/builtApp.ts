import { existsSync } from 'node:fs';
import { preview } from 'vite';

export interface ServedApp {
  url: string;
  close(): Promise<void>;
}

/** Serves dist/ (made by `npm run build`) on a loopback port. Storage belongs to an origin, so a fixed port keeps models. */
export async function serveBuiltApp(port: number): Promise<ServedApp> {
  if (!existsSync('dist/index.html')) throw new Error('dist/ is missing: run `npm run build` first');
  const server = await preview({ preview: { port, strictPort: true, host: '127.0.0.1' }, logLevel: 'warn' });
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() };
}
