import { expect, test } from 'vitest';
import { changeBetween, CHANGED_SHARE, GRID_SIDE, lumaOf, type Luma } from './sceneChange';

/** A grid whose cells are made one by one. */
function scene(cell: (x: number, y: number) => number): Luma {
  return Uint8Array.from({ length: GRID_SIDE ** 2 }, (_, i) => cell(i % GRID_SIDE, Math.floor(i / GRID_SIDE)));
}

const room = scene((x, y) => 60 + 2 * x + 3 * y);
const hasChanged = (before: Luma, after: Luma) => changeBetween(before, after) >= CHANGED_SHARE;

test('luma weighs the colours as the eye does', () => {
  const pixels = Uint8ClampedArray.of(255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 255, 255, 255, 0);
  expect([...lumaOf(pixels)]).toEqual([76, 150, 29, 255]);
});

test('noise and a camera that adapts to the light change nothing', () => {
  expect(changeBetween(room, room)).toBe(0);
  const noisy = scene((x, y) => 60 + 2 * x + 3 * y + ((x * 7 + y * 13) % 9) - 4);
  expect(changeBetween(room, noisy)).toBe(0);
  const brighter = scene((x, y) => 60 + 2 * x + 3 * y + 14);
  expect(changeBetween(room, brighter)).toBe(0);
});

test('something new of a twenty-fifth of the picture changes the scene, also where the light drifts', () => {
  const withThing = (side: number, drift: number) =>
    scene((x, y) => (x >= 8 && x < 8 + side && y >= 8 && y < 8 + side ? 250 : 60 + 2 * x + 3 * y + drift));
  expect(changeBetween(room, withThing(7, 0))).toBeCloseTo(49 / 1024);
  expect(hasChanged(room, withThing(7, 10))).toBe(true);
  expect(hasChanged(room, withThing(6, 10))).toBe(false);
});

test('a lamp that goes out, and a cut to another scene, are changes', () => {
  expect(
    hasChanged(
      room,
      scene((x, y) => (60 + 2 * x + 3 * y) / 8),
    ),
  ).toBe(true);
  expect(
    hasChanged(
      room,
      scene((x, y) => 60 + 3 * x + 2 * (GRID_SIDE - y)),
    ),
  ).toBe(true);
});
