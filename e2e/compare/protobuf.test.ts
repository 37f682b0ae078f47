import { expect, test } from 'vitest';
import { field, intField, message } from './protobuf';

test("fields are written as the encoding's own documentation has them", () => {
  expect([...intField(1, 150)]).toEqual([0x08, 0x96, 0x01]);
  expect([...intField(20, 0)]).toEqual([0xa0, 0x01, 0x00]);
  expect([...field(2, 'testing')]).toEqual([0x12, 0x07, ...new TextEncoder().encode('testing')]);
  expect([...field(3, intField(1, 150))]).toEqual([0x1a, 0x03, 0x08, 0x96, 0x01]);
  expect([...message(intField(1, 1), intField(2, 2 ** 35))]).toEqual([8, 1, 16, 0x80, 0x80, 0x80, 0x80, 0x80, 1]);
});
