import { expect, test } from 'vitest';
import { browserAdvice } from './browserAdvice';

const adviceFor = (userAgent: string, others: Partial<Parameters<typeof browserAdvice>[0]> = {}) =>
  browserAdvice({ userAgent, platform: undefined, maxTouchPoints: 0, isSecure: true, ...others });

const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)';

test.each([
  ['windows', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0'],
  ['mac', `${MAC} Version/18.3 Safari/605.1.15`],
  [
    'ios',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile Safari/604.1',
  ],
  ['android', 'Mozilla/5.0 (Android 14; Mobile; rv:130.0) Gecko/130.0 Firefox/130.0'],
  ['linux', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'],
  ['chromeos', 'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36'],
  ['outdated', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/109.0.0.0 Safari/537.36 Edg/109.0'],
  ['inApp', 'Mozilla/5.0 (Linux; Android 14; wv) AppleWebKit/537.36 Chrome/130.0.0.0 Mobile MicroMessenger/8.0.50'],
  ['other', 'Mozilla/5.0 (FreeBSD) Gecko/20100101 Firefox/140.0'],
] as const)('a person with %s gets the advice for that', (advice, userAgent) => {
  expect(adviceFor(userAgent)).toBe(advice);
});

test('an iPad that calls itself a Mac is known by its touch screen', () => {
  expect(adviceFor(`${MAC} Version/17.4 Safari/605.1.15`, { maxTouchPoints: 5 })).toBe('ios');
});

test('what the browser says of the platform counts, and a page without https has a reason of its own', () => {
  const reduced = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36';
  expect(adviceFor(reduced, { platform: 'Android' })).toBe('android');
  expect(adviceFor(reduced, { isSecure: false })).toBe('insecure');
});
