import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ModelInfo } from '../engine/api';
import { knownLooking, rememberLooking, type Computer } from './lookingSpeed';
import { fakeLocalStorage } from '../testing/fakeLocalStorage';

beforeEach(() => void vi.stubGlobal('localStorage', fakeLocalStorage()));

afterEach(() => vi.unstubAllGlobals());

const model = (id: string) => ({ id }) as ModelInfo;
const card = (device: string): Computer => ({
  backend: 'webgpu',
  adapter: { vendor: 'v', architecture: 'a', device, description: '' },
});
const processor: Computer = { backend: 'cpu', adapter: card('one').adapter };

test('the speed of looking is kept for a model and for what computes', () => {
  expect(knownLooking(model('a'), card('one'))).toBeNull();
  rememberLooking(model('a'), card('one'), 0.12345);
  rememberLooking(model('a'), processor, 40);
  rememberLooking(model('b'), card('one'), 2);
  expect(knownLooking(model('a'), card('one'))).toBe(0.123);
  expect(knownLooking(model('a'), processor)).toBe(40);
  expect(knownLooking(model('b'), card('one'))).toBe(2);
  expect(knownLooking(model('a'), card('two'))).toBeNull();
  rememberLooking(model('a'), card('one'), 0.5);
  expect(knownLooking(model('a'), card('one'))).toBe(0.5);
});

test('what is no speed is not shown', () => {
  for (const stored of ['no JSON', 'null', '{"a cpu":"1"}', '{"a cpu":-1}']) {
    localStorage.setItem('minicpm.lookingSpeeds', stored);
    expect(knownLooking(model('a'), { backend: 'cpu', adapter: null })).toBeNull();
  }
});
