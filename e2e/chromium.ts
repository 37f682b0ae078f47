import { existsSync } from 'node:fs';

const INSTALLED = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
];

/** Path of an installed Chromium or Chrome (or of $CHROMIUM), or undefined: Playwright's own is used then. */
export function installedChromium(): string | undefined {
  return INSTALLED.find((path) => path !== undefined && existsSync(path));
}

const COMMON = [
  '--headless=new',
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The software adapter that every Chromium brings: slow, and the same everywhere. */
const SWIFTSHADER = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--use-vulkan=swiftshader',
];

/** 'software' for tests, 'hardware' for a real GPU, 'none' for a browser without any WebGPU adapter. */
export type Gpu = 'software' | 'hardware' | 'none';

/** Playwright launch options for headless Chromium with the given kind of GPU. */
export function chromiumLaunchOptions(gpu: Gpu = 'software') {
  const gpuFlags = {
    software: SWIFTSHADER,
    hardware: ['--enable-unsafe-webgpu', '--enable-features=Vulkan', '--ignore-gpu-blocklist'],
    none: ['--disable-gpu', '--disable-features=WebGPU', '--disable-blink-features=WebGPU'],
  }[gpu];
  return { executablePath: installedChromium(), headless: false, args: [...COMMON, ...gpuFlags] };
}
