import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { slowDown } from './pageWorkers';

declare global {
  interface Window {
    /** What the content security policy has forbidden. */
    violations: string[];
  }
}

/**
 * The main job on the built app, as a person does it: at laptop and phone size, with WebGPU and without. What is tagged
 * @cpu is the same whatever computes, and runs where it is quickest.
 */

async function startDemo(page: Page, locale: 'zh' | 'en'): Promise<void> {
  await page.goto('./');
  await expect(page.getByTestId('start-demo')).toBeEnabled();
  const isChinese = (await page.locator('html').getAttribute('lang'))!.startsWith('zh');
  if (isChinese !== (locale === 'zh')) await page.getByTestId('language-switch').first().click();
  await expect(page.locator('html')).toHaveAttribute('lang', new RegExp(`^${locale}`));
  await page.getByTestId('start-demo').click();
  await expect(page.getByTestId('composer-input')).toBeVisible();
}

/** Sends a question and waits for the end of its answer. */
async function ask(page: Page, question: string): Promise<string> {
  const answers = page.getByTestId('message-assistant');
  // Before the conversation is on the page its answers cannot be counted.
  await page.getByTestId('composer-input').fill(question);
  const before = await answers.count();
  await page.getByTestId('send').click();
  await expect(answers).toHaveCount(before + 1);
  await expect(answers.last()).toHaveAttribute('data-state', 'done');
  return (await answers.last().getByTestId('message-text').textContent()) ?? '';
}

test('the demo answers a question in English, and a second turn', async ({ page }) => {
  await startDemo(page, 'en');
  await expect(page.getByTestId('demo-chip').first()).toBeVisible();
  expect(await ask(page, 'What is 27 + 15?')).toContain('42');
  await expect(page.getByTestId('tokens-per-second').last()).toHaveText(/\d/);
  expect(await ask(page, 'What is the capital of France?')).toContain('Paris');
  await expect(page.getByTestId('send')).toBeFocused();
  await expect(page.getByTestId('message-user')).toHaveCount(2);
});

test('the demo answers in Chinese', { tag: '@cpu' }, async ({ page }) => {
  await startDemo(page, 'zh');
  expect(await ask(page, '12加7等于多少？')).toContain('19');
  expect(await ask(page, '你是谁？')).toContain('演示');
});

test('a long conversation scrolls inside its frame, not the page', { tag: '@cpu' }, async ({ page }) => {
  await startDemo(page, 'en');
  for (let i = 1; i <= 8; i++) await ask(page, `What is ${i} + ${i}?`);
  const overflow = await page.evaluate(() => document.documentElement.scrollHeight - window.innerHeight);
  expect(overflow).toBeLessThanOrEqual(0);
});

test('an answer stops when asked to, and the next question is answered', async ({ page }) => {
  await startDemo(page, 'en');
  await slowDown(page);
  await page.evaluate(() => {
    new MutationObserver((_, observer) => {
      const text = document.querySelector('[data-testid=message-assistant] [data-testid=message-text]')?.textContent;
      const stop = document.querySelector<HTMLElement>('[data-testid=stop]');
      if (!text || !stop) return;
      observer.disconnect();
      stop.click();
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  await page.getByTestId('composer-input').fill('Who are you?');
  await page.getByTestId('send').click();
  await expect(page.getByTestId('message-assistant').last()).toHaveAttribute('data-state', 'stopped');
  expect(await ask(page, 'What is 3 + 4?')).toContain('7');
});

test('without WebGPU the page says so; with a software adapter it warns', async ({ page }, { project }) => {
  await page.goto('./');
  const device = page.getByTestId('device-line');
  await expect(page.getByTestId('device-note')).toBeVisible();
  await expect(device).toHaveAttribute('data-device', project.name.endsWith('no-webgpu') ? /cpu/i : /software/i);
});

test('under its content security policy the page works', async ({ page }) => {
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
      window.violations.push(`${violatedDirective} ${blockedURI}`);
    });
  });
  await startDemo(page, 'en');
  expect(await ask(page, 'What is 2 + 6?')).toContain('8');
  expect(await page.evaluate(() => window.violations)).toEqual([]);

  await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'document.title = "run by a script in the page"';
    document.head.append(script);
  });
  // Forbidden by the header as well as by the page itself.
  const twice = ['script-src-elem inline', 'script-src-elem inline'];
  await expect.poll(() => page.evaluate(() => window.violations)).toEqual(twice);
});

test('deleting a model leaves the keyboard in a place to go on from', { tag: '@cpu' }, async ({ page }) => {
  await startDemo(page, 'en');
  await page.getByTestId('model-menu').click();
  await page.getByTestId('model-remove').click();
  await expect(page.getByTestId('model-remove-confirm')).toBeFocused();
  await page.getByTestId('model-keep').click();
  await expect(page.getByTestId('model-remove')).toBeFocused();
  await page.getByTestId('model-remove').click();
  await page.getByTestId('model-remove-confirm').click();
  await expect(page.locator('#content')).toBeFocused();
  await expect(page.getByTestId('start-demo')).toBeVisible();
});

test(
  'after a reload the model is still there and opens without a network',
  { tag: '@cpu' },
  async ({ page, context }) => {
    await startDemo(page, 'en');
    expect(await ask(page, 'What is 5 + 6?')).toContain('11');
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
    await context.setOffline(true);
    await page.reload();
    await page.getByTestId('continue-model').click();
    expect(await ask(page, 'What is 8 + 9?')).toContain('17');
  },
);

/** Lets the demo remember so little that a conversation of a few turns outgrows it. */
async function shortenMemory(page: Page, tokens = 160): Promise<void> {
  await page.route('**/models/nano/config.json', async (route) => {
    const config = (await (await route.fetch()).json()) as object;
    await route.fulfill({ json: { ...config, max_position_embeddings: tokens } });
  });
}

/** Asks for sums until one is refused, and returns that question. */
async function askUntilRefused(page: Page): Promise<string> {
  const refusal = page.locator('[data-testid=overflow-notice][data-reason=refused]');
  const answers = page.locator('[data-testid=message-assistant][data-state=done]');
  for (let i = 11; i < 40; i++) {
    const question = `What is ${i} + ${i}?`;
    const before = await answers.count();
    await page.getByTestId('composer-input').fill(question);
    await page.getByTestId('send').click();
    await expect(refusal.or(answers.nth(before))).toBeVisible();
    if (await refusal.isVisible()) return question;
  }
  throw new Error('the conversation never outgrew the memory');
}

/** What happens is the same in both languages: each is seen at one size. */
const localeFor = (isMobile: boolean) => (isMobile ? 'zh' : 'en');

test.describe('a conversation that outgrows the model’s memory', { tag: '@cpu' }, () => {
  test('stops with one notice, and goes on as the reader decides', async ({ page, isMobile }) => {
    const locale = localeFor(isMobile);
    await shortenMemory(page);
    await startDemo(page, locale);
    const question = await askUntilRefused(page);
    const input = page.getByTestId('composer-input');
    const notice = page.getByTestId('overflow-notice');
    const asked = await page.getByTestId('message-user').count();

    await expect(input).toHaveValue(question);
    await expect(page.getByTestId('message-assistant').last()).toBeInViewport();
    await expect(page.getByTestId('to-latest')).toHaveCount(0);
    await page.getByTestId('send').click();
    await expect(input).toHaveValue(question);
    await expect(notice).toHaveCount(1);
    await expect(notice).toHaveText(locale === 'zh' ? /还没有发送/ : /Nothing has been sent/);
    await expect(page.getByTestId('message-user')).toHaveCount(asked);
    await expect(page.getByTestId('error-banner')).toHaveCount(0);

    await page.getByTestId('overflow-forget').click();
    await expect(page.getByTestId('message-user')).toHaveCount(asked + 1);
    const answer = page.getByTestId('message-assistant').last();
    await expect(answer).toHaveAttribute('data-state', 'done');
    await expect(answer).toContainText(String(2 * Number(/\d+/.exec(question)![0])));
    await expect(notice).toHaveCount(0);
    await expect(input).toHaveValue('');
    const divider = page.getByTestId('forgotten');
    await expect(divider).toHaveText(locale === 'zh' ? /看不到/ : /no longer sees/);
    await expect(page.locator('[data-testid=forgotten] + [data-testid=message-user]')).toHaveCount(1);
    await expect(page.locator('[data-testid=message-user]:has(~ [data-testid=forgotten])')).not.toHaveCount(0);
    await expect(page.getByTestId('announcer')).toHaveText(locale === 'zh' ? /看不到/ : /no longer sees/);
    for (let i = 3; i < 6; i++) expect(await ask(page, `What is ${i} + ${i}?`)).toContain(String(2 * i));

    await page.getByTestId('new-chat').click();
    await expect(divider).toHaveCount(0);
    const again = await askUntilRefused(page);
    await page.getByTestId('overflow-new-chat').click();
    await expect(notice).toHaveCount(0);
    await expect(page.getByTestId('message-user')).toHaveCount(0);
    await expect(input).toHaveValue(again);
  });

  test('says that an answer has filled it, and leaves that answer alone', async ({ page, isMobile }) => {
    const locale = localeFor(isMobile);
    await shortenMemory(page, 20);
    await startDemo(page, locale);
    const answer = await ask(page, locale === 'zh' ? '你是谁？' : 'Who are you?');
    const cutOff = page.getByTestId('cut-off');
    await expect(cutOff).toHaveText(locale === 'zh' ? /长度上限/ : /keep in mind/);
    await expect(page.getByTestId('announcer')).toContainText((await cutOff.textContent())!);
    await expect(page.getByTestId('overflow-notice')).toHaveAttribute('data-reason', 'filled');
    await page.getByTestId('overflow-forget').click();
    await expect(page.getByTestId('overflow-notice')).toHaveCount(0);
    await expect(page.getByTestId('message-text')).toHaveText([answer]);
  });

  test('keeps its end in view while what is forgotten grows', async ({ page, isMobile }) => {
    const locale = localeFor(isMobile);
    await startDemo(page, locale);
    await page.getByTestId('model-menu').click();
    await page.getByLabel(locale === 'zh' ? '忘掉最早的消息' : 'Forget the oldest messages').check();
    await page.keyboard.press('Escape');
    for (let i = 1; i < 5; i++) {
      await ask(page, `${'The capital of France is nice. '.repeat(12)}What is ${i} + 3?`);
      await expect(page.getByTestId('forgotten')).toHaveCount(i > 1 ? 1 : 0);
      await expect(page.getByTestId('copy').last()).toBeInViewport({ ratio: 1 });
      await expect(page.getByTestId('to-latest')).toHaveCount(0);
    }
  });

  test('forgets its oldest messages where that is set, also after a reload', async ({ page, isMobile }) => {
    const locale = localeFor(isMobile);
    await shortenMemory(page);
    await startDemo(page, locale);
    await page.getByTestId('model-menu').click();
    await page.getByLabel(locale === 'zh' ? '忘掉最早的消息' : 'Forget the oldest messages').check();
    await page.keyboard.press('Escape');
    for (let i = 11; i < 19; i++) await ask(page, `What is ${i} + ${i}?`);
    await expect(page.getByTestId('forgotten')).toHaveCount(1);
    await expect(page.getByTestId('overflow-notice')).toHaveCount(0);

    const tooLong = 'What is 2 + 2? '.repeat(30).trim();
    await page.getByTestId('composer-input').fill(tooLong);
    await page.getByTestId('send').click();
    await expect(page.getByTestId('overflow-notice')).toHaveAttribute('data-reason', 'tooLong');
    await expect(page.getByTestId('composer-input')).toHaveValue(tooLong);
    await expect(page.getByTestId('overflow-notice').getByRole('button')).toHaveCount(0);

    await page.reload();
    await page.getByTestId('continue-model').click();
    await page.getByTestId('model-menu').click();
    await expect(page.getByTestId('memory-choice').locator('[value=drop_oldest]')).toBeChecked();
  });
});
