import { afterEach, expect, test, vi } from 'vitest';
import type { Progress } from '../../workers/protocol/progress';
import { knownSpeed, SpeedMeter } from './transferSpeed';

const at = (loadedBytes: number, phase: Progress['phase'] = 'importing'): Progress => ({
  phase,
  loadedBytes,
  totalBytes: 1e9,
});

afterEach(() => vi.unstubAllGlobals());

test('speed is what arrived over the time it took', () => {
  const meter = new SpeedMeter();
  meter.observe(at(0, 'reading'), 0);
  meter.observe(at(500e6), 10);
  expect(meter.bytesPerSecond).toBeNull();
  meter.observe(at(510e6), 12);
  expect(meter.bytesPerSecond).toBeNull();
  meter.observe(at(540e6), 20);
  expect(meter.bytesPerSecond).toBe(4e6);
});

test('time in which nothing is reported any more, and other phases, do not count', () => {
  const meter = new SpeedMeter();
  meter.observe(at(0), 0);
  meter.observe(at(10e6), 5);
  meter.observe(at(10e6), 60);
  meter.observe(at(1, 'loading'), 61);
  meter.observe(null, 62);
  expect(meter.bytesPerSecond).toBe(2e6);
});

test('what was measured goes before what the browser tells', () => {
  let stored: string | null = null;
  vi.stubGlobal('localStorage', { getItem: () => stored });
  vi.stubGlobal('navigator', {});
  expect(knownSpeed()).toBeNull();
  vi.stubGlobal('navigator', { connection: { downlink: 8 } });
  expect(knownSpeed()).toEqual({ bytesPerSecond: 1e6, basis: 'told' });
  stored = '3000000';
  expect(knownSpeed()).toEqual({ bytesPerSecond: 3e6, basis: 'measured' });
});
