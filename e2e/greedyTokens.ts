import { expect } from '@playwright/test';
import type { Page } from 'playwright';
import type { SamplingOptions } from '../src/engine/api';
import type { GoldenPrompt } from './goldens';

/** What checks drafts takes a software adapter long to compile: for tests of something else. */
export const WITHOUT_LOOKUP: SamplingOptions = { prompt_lookup: false };

/** Ways of a loaded model to the same greedy tokens. */
export const GREEDY_WAYS: { name: string; sampling: SamplingOptions }[] = [
  { name: 'one token in flight', sampling: { tokens_in_flight: 1 } },
  { name: 'eight tokens in flight', sampling: { tokens_in_flight: 8 } },
  { name: 'without prompt lookup', sampling: WITHOUT_LOOKUP },
];

/** A prompt of whose answer `count` tokens are wanted. */
export function firstTokens<T extends Pick<GoldenPrompt, 'greedy'>>(prompt: T, count: number): T {
  const { tokens, margins } = prompt.greedy;
  return { ...prompt, greedy: { tokens: tokens.slice(0, count), margins: margins.slice(0, count) } };
}

/**
 * Of the greedy tokens every tenth is wrong, the first one so early that the first draft has it: on a busy machine that
 * one may seem not to pay, and stay the only one.
 */
export function mostlyRight({ greedy }: GoldenPrompt): SamplingOptions {
  const content = greedy.tokens.map((token, i) => (i % 10 === 4 ? Math.abs(token - 1) : token));
  return { prediction: { type: 'content', content } };
}

/** Has the page's model answer from drafts that are mostly right, until some were found right and some wrong. */
export async function expectDrafts(
  page: Page,
  prompt: GoldenPrompt,
  answer: (sampling: SamplingOptions) => Promise<void>,
): Promise<void> {
  // The program that checks drafts is compiled while answers go on without it.
  const rightAndWrong = async () => {
    await answer(mostlyRight(prompt));
    const { draftedTokens, acceptedTokens } = await page.evaluate(() => window.model.stats());
    return Math.min(acceptedTokens, draftedTokens - acceptedTokens);
  };
  await expect.poll(rightAndWrong, { message: 'drafts, right and wrong', timeout: 120_000 }).toBeGreaterThan(0);
}

/** Equal up to the first step whose margin is within twice the difference of the logits: a near-tie may go either way. */
export function expectGreedy(got: number[], { greedy }: GoldenPrompt, difference: number, where: string): void {
  const nearTie = greedy.margins.findIndex((margin) => margin < 2 * difference);
  const steps = nearTie < 0 ? greedy.tokens.length : nearTie;
  expect(got.slice(0, steps), where).toEqual(greedy.tokens.slice(0, steps));
}

/** Largest absolute difference; NaN counts as infinite. */
export function worst(got: ArrayLike<number>, want: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < want.length; i++) {
    const difference = Math.abs(got[i]! - want[i]!);
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Infinity : difference;
  }
  return largest;
}
