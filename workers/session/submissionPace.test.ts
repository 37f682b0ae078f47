import { expect, test } from 'vitest';
import { SubmissionPace } from './submissionPace';

test('submissions grow step by step to what takes a tenth of a second, and shrink at once', () => {
  const pace = new SubmissionPace();
  const first = pace.operations;
  pace.took(1, first);
  expect(pace.operations).toBe(2 * first);
  pace.took(50, pace.operations);
  expect(pace.operations).toBe(4 * first);
  pace.took(1000, pace.operations);
  expect(pace.operations).toBe((4 * first) / 10);
  pace.took(60_000, pace.operations);
  expect(pace.operations).toBe(1);
});

test('the short end of a program says nothing against long submissions', () => {
  const pace = new SubmissionPace();
  const first = pace.operations;
  pace.took(60, 5);
  expect(pace.operations).toBe(first);
});
