import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { thinkingNano } from './thinkingNano';

/** Settings of the page and of a conversation, roles, thoughts and dictation, on the built app without WebGPU. */

declare global {
  interface Window {
    /** Makes the pretended browser understand words. */
    hear: (text: string) => void;
    /** What the pretended browser reads aloud at this moment. */
    spoken: SpeechSynthesisUtterance | null;
  }
}

async function startDemo(page: Page): Promise<void> {
  await page.goto('./');
  await page.getByTestId('start-demo').click();
  await expect(page.getByTestId('composer-input')).toBeVisible();
}

async function ask(page: Page, question: string) {
  const answers = page.locator('[data-testid=message-assistant][data-state=done]');
  await page.getByTestId('composer-input').fill(question);
  const before = await answers.count();
  await page.getByTestId('send').click();
  await expect(answers).toHaveCount(before + 1);
  return answers.last();
}

/** The list of conversations is beside the chat, or behind a button. */
async function showHistory(page: Page): Promise<void> {
  const button = page.getByTestId('history-show');
  await button.or(page.getByTestId('history-search')).filter({ visible: true }).waitFor();
  if (await button.isVisible()) await button.click();
}

const choose = (page: Page, group: string, value: string) =>
  page.getByTestId(group).locator(`label:has([value=${value}])`).click();

test('settings are kept, and hold before anything is drawn', async ({ page, baseURL }) => {
  await page.goto('./');
  await page.getByTestId('settings-link').click();
  await expect(page.locator('h1')).toBeFocused();
  await choose(page, 'language-choice', 'zh');
  await choose(page, 'theme-choice', 'dark');
  await choose(page, 'size-choice', 'large');
  await choose(page, 'motion-choice', 'reduce');
  const root = page.locator('html');
  await expect(root).toHaveAttribute('lang', 'zh-Hans');
  await expect(page.locator('h1')).toHaveText('设置');
  await expect(page.getByTestId('privacy')).toContainText('怎样验证');
  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(await overflow()).toBeLessThanOrEqual(0);

  // The script of the page itself never comes: what is there is there before the first paint.
  await page.route('**/assets/*.js', (route) => route.abort());
  await page.reload();
  await expect(root).toHaveAttribute('data-theme', 'dark');
  expect(await root.evaluate((element) => getComputedStyle(element).fontSize)).toBe('18px');
  expect(await root.evaluate((element) => getComputedStyle(element).backgroundColor)).toBe('rgb(19, 23, 22)');
  await expect(root).toHaveAttribute('data-motion', 'reduce');
  await page.unroute('**/assets/*.js');

  await page.reload();
  await expect(page.getByTestId('theme-choice').locator('[value=dark]')).toBeChecked();
  await choose(page, 'size-choice', 'largest');
  expect(await overflow()).toBeLessThanOrEqual(0);
  await choose(page, 'language-choice', 'browser');
  await expect(root).toHaveAttribute('lang', 'en');
  const licences = await page.request.get(new URL('licences.txt', baseURL).href);
  expect(await licences.text()).toContain('@huggingface/tokenizers');
  await page.getByTestId('settings-storage').click();
  await expect(page.getByTestId('storage-screen')).toBeVisible();
  await page.goBack();
  await expect(page.getByTestId('settings-screen')).toBeVisible();
});

test('a role begins a conversation, which has settings of its own', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const urls: string[] = [];
  page.on('request', (request) => urls.push(request.url()));
  await startDemo(page);
  await expect(page.getByTestId('dictate')).toHaveCount(0);
  await expect(page.getByTestId('thinking-switch')).toHaveCount(0);
  await expect(page.getByTestId('new-chat')).toHaveCount(1);

  await expect(page.getByTestId('roles-need-model')).toContainText('need a real model');
  await page.getByTestId('role-library-show').click();
  await page.getByTestId('role-search').fill('shandong huang mixed');
  await expect(page.getByTestId('role')).toHaveCount(0);
  await page.getByTestId('role-search').fill('languages mixed');
  await expect(page.getByTestId('role')).toHaveCount(1);
  await page.getByTestId('role-begin').click();
  await expect(page.getByTestId('shown-instructions')).toContainText('You translate texts');
  await expect(page.getByTestId('composer-input')).toHaveValue(/feature/);

  await page.getByTestId('instructions-change').click();
  const sheet = page.getByTestId('chat-settings');
  const temperature = sheet.getByTestId('sampling-temperature');
  await expect(temperature.getByRole('spinbutton')).toHaveValue('0.3');
  await expect(temperature).toContainText('Authors’ value: 0');
  await temperature.getByTestId('sampling-reset').click();
  await expect(temperature.locator(':focus')).toHaveText(/Authors’ value: 0/);
  await expect(temperature.getByRole('spinbutton')).toHaveValue('');
  const longest = sheet.getByTestId('sampling-max_tokens').getByRole('spinbutton');
  await longest.fill('-4');
  await longest.press('Enter');
  await expect(longest).toHaveAttribute('aria-invalid', 'true');
  await expect(longest).toHaveAccessibleDescription(/whole number from 1 to (?!32,768)[\d,]+/);
  await longest.fill('3');
  await longest.press('Enter');
  await expect(sheet.getByTestId('not-taken')).toHaveCount(0);
  await sheet.getByTestId('instructions').fill('Be very brief.');
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('instructions-change')).toBeFocused();
  await expect(page.getByTestId('shown-instructions')).toContainText('Be very brief.');

  await page.reload();
  await page.getByTestId('continue-model').click();
  await expect(page.getByTestId('shown-instructions')).toContainText('Be very brief.');
  const answer = await ask(page, 'Who are you?');
  await expect(answer.getByTestId('cut-off')).toBeVisible();
  await expect(page.getByTestId('instructions-line')).toContainText('Be very brief.');
  await page.getByTestId('instructions-line').click();
  await sheet.getByTestId('instructions').fill('');
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('instructions-line')).toHaveCount(0);
  await expect(page.getByTestId('chat-settings-show')).toBeFocused();

  // A role of the reader's own, and the link that holds it.
  await page.getByTestId('new-chat').click();
  await page.getByTestId('role-library-show').click();
  await page.getByTestId('role-add').click();
  await page.getByTestId('role-keep').click();
  await expect(page.getByTestId('role-form').getByRole('alert')).toBeVisible();
  await page.getByTestId('role-name').fill('Haiku <b>poet</b>');
  await page.getByTestId('role-instructions').fill('Answer in haiku.');
  await page.getByTestId('role-keep').click();
  const mine = page.getByTestId('role').first();
  await expect(mine).toContainText('Haiku <b>poet</b>');
  await mine.getByTestId('role-more').click();
  await page.getByTestId('role-share').click();
  await expect(page.getByTestId('role-said')).toHaveText(/Link copied/);
  const link = await page.evaluate(() => navigator.clipboard.readText());
  await page.getByTestId('role-remove').click();
  await expect(mine).not.toContainText('Haiku');
  await page.getByTestId('role-undo').click();
  await expect(mine).toContainText('Haiku');
  await mine.getByTestId('role-more').click();
  await page.getByTestId('role-edit').click();
  await page.getByTestId('role-about').fill('Seventeen syllables');
  await page.getByTestId('role-keep').click();
  await expect(mine).toContainText('Seventeen syllables');
  await page.keyboard.press('Escape');

  await page.goto(link);
  await expect(page.getByTestId('shared-name')).toHaveText('Haiku <b>poet</b>');
  await expect(page.getByTestId('shared-instructions')).toHaveText('Answer in haiku.');
  await page.getByTestId('shared-use').click();
  await expect(page).not.toHaveURL(/role/);
  await expect(page.getByTestId('shown-instructions')).toContainText('Answer in haiku.');
  await expect(page.getByTestId('message-user')).toHaveCount(0);
  await page.evaluate(() => (location.hash = '#role=AAAA'));
  await expect(page.getByTestId('shared-fault')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('shared-role')).toHaveCount(0);
  await page.reload();
  await page.getByTestId('continue-model').click();
  await page.getByTestId('role-library-show').click();
  await expect(mine).toHaveText(/Haiku <b>poet<\/b>\s*Seventeen syllables/);
  expect(urls.filter((url) => url.includes('role='))).toEqual([]);
});

test('thoughts are folded, and neither copied nor headings; a conversation asks for its model', async ({
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto('./');
  await page.getByTestId('open-file-input').setInputFiles(thinkingNano());
  await expect(page.getByTestId('composer-input')).toBeVisible();
  const thinks = page.getByTestId('thinking-switch');
  await expect(thinks).toHaveAttribute('aria-pressed', 'false');
  await thinks.click();
  const answer = await ask(page, 'What is 27 + 15?');
  await expect(answer.getByTestId('message-text')).toHaveText('42');
  await expect(answer.getByTestId('thought').locator('summary')).toHaveText(/^\s*Thought for [\d.]+ s$/);
  await expect(answer.getByTestId('thought-text')).toBeHidden();
  await answer.getByTestId('thought').locator('summary').click();
  await expect(answer.getByTestId('thought-text')).toHaveText('27+15');
  await expect(page.getByTestId('announcer')).toHaveText('42');
  await answer.getByTestId('copy').click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('42');
  await page.getByTestId('chat-settings-show').click();
  await expect(page.getByTestId('thinks')).toBeChecked();
  await page.keyboard.press('Escape');

  // Another model begins another conversation; the first one asks for its own, and gets it when told so.
  await page.getByTestId('model-menu').click();
  await page.getByTestId('models-dialog').getByTestId('start-demo').click();
  await expect(page.getByTestId('demo-chip').first()).toBeVisible();
  await expect(page.getByTestId('thought')).toHaveCount(0);
  await expect(thinks).toHaveCount(0);
  await showHistory(page);
  await page.getByTestId('history-item').getByRole('button').first().click();
  await expect(page.getByTestId('thought')).toHaveCount(1);
  await expect(page.getByTestId('model-notice')).toContainText(/MiniCPM-V \d/);
  await page.getByTestId('model-notice-open').click();
  await expect(thinks).toHaveAttribute('aria-pressed', 'true');
  await expect(page.getByTestId('model-notice')).toHaveCount(0);
  await expect(page.getByTestId('thought')).toHaveCount(1);

  // It can be given another model, and asks for that.
  await page.getByTestId('chat-settings-show').click();
  await page.getByTestId('chat-model').selectOption('nano');
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('model-notice')).toContainText('nano');

  await showHistory(page);
  await page.getByTestId('history-more').first().click();
  const download = page.waitForEvent('download');
  await page.getByTestId('history-save').click();
  expect(readFileSync(await (await download).path(), 'utf8')).toContain('> **Thinking**\n> \n> 27+15\n\n42\n');

  // Where a model of single files is from says the first of them, and the others on demand.
  await page.evaluate(() => (location.hash = '#storage'));
  const files = page.getByTestId('source-files');
  await expect(files.locator('summary')).toHaveText(/^\s*config\.json and 4 more\s*$/);
  await files.locator('summary').click();
  await expect(files.locator('li').last()).toHaveText('tokenizer_config.json');
  await expect(files.locator('li').last()).toBeVisible();
});

test('what is said is typed, on the device, and read aloud; everything can be deleted', async ({ page }) => {
  await page.addInitScript(() => {
    class SpeechRecognition {
      static available = async ({ langs, processLocally }: { langs: string[]; processLocally: boolean }) =>
        processLocally && langs[0] === 'en-US' ? 'available' : 'unavailable';
      processLocally = false;
      onresult: ((event: object) => void) | null = null;
      onend: () => void = () => undefined;
      start() {
        if (!this.processLocally) throw new Error('speech would leave the device');
        window.hear = (transcript) => this.onresult?.({ results: [[{ transcript }]] });
      }
      stop() {
        this.onend();
      }
      abort() {
        this.onend();
      }
    }
    Object.defineProperty(SpeechRecognition.prototype, 'processLocally', { value: false, writable: true });
    Object.assign(window, { SpeechRecognition });

    const ownVoice = { lang: 'en-GB', localService: true };
    const voices = [{ lang: 'en-GB', localService: false }, ownVoice];
    const synthesis = Object.assign(new EventTarget(), {
      getVoices: () => voices,
      speak(utterance: SpeechSynthesisUtterance) {
        window.spoken = utterance;
      },
      cancel() {
        window.spoken = null;
      },
    });
    Object.defineProperty(window, 'speechSynthesis', { value: synthesis });
    Object.defineProperty(SpeechSynthesisUtterance.prototype, 'voice', { value: null, writable: true });
  });
  await startDemo(page);
  const input = page.getByTestId('composer-input');
  await input.fill('What is');
  await page.getByTestId('dictate').click();
  await page.evaluate(() => window.hear('3 plus'));
  await page.evaluate(() => window.hear('27 + 15?'));
  await expect(input).toHaveValue('What is 27 + 15?');
  await page.getByTestId('send').click();
  await page.evaluate(() => window.hear('late'));
  await expect(page.locator('[data-testid=message-assistant][data-state=done]')).toContainText('42');
  await expect(input).toHaveValue('');
  await expect(page.getByTestId('dictate')).toHaveAttribute('aria-pressed', 'false');

  const speak = page.getByTestId('speak');
  const spoken = () => page.evaluate(() => window.spoken && [window.spoken.text, window.spoken.voice?.localService]);
  for (const end of [
    () => speak.click(),
    () => page.evaluate(() => void window.spoken!.onend!(new Event('end') as never)),
  ]) {
    await speak.click();
    await expect(speak).toHaveAccessibleName('Stop reading');
    expect(await spoken()).toEqual(['27+15=42', true]);
    await end();
    await expect(speak).toHaveAccessibleName('Read aloud');
  }

  await showHistory(page);
  await page.getByTestId('settings-link').click();
  await choose(page, 'theme-choice', 'dark');
  await page.getByTestId('delete-everything').click();
  await page.getByTestId('delete-keep').click();
  await expect(page.getByTestId('delete-everything')).toBeFocused();
  await page.getByTestId('delete-everything').click();
  await expect(page.getByTestId('delete-confirm')).toBeFocused();
  await page.getByTestId('delete-confirm').click();
  await expect(page.getByTestId('start-demo')).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
  await expect(page.getByTestId('model-item')).toHaveCount(0);
  await startDemo(page);
  await showHistory(page);
  await expect(page.getByTestId('history-item')).toHaveCount(0);
});
