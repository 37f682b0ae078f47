import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { en } from '../src/i18n/en';
import { sampleChat } from '../src/testing/sampleChat';
import { expect, test } from './fixtures';
import { listWorkers, slowDown } from './pageWorkers';
import { seedChats } from './seedChats';

/** Conversations that are kept, on the built app with the demo model. The list is beside the chat, or behind a button. */

async function startDemo(page: Page): Promise<void> {
  await page.goto('./');
  await page.getByTestId('start-demo').click();
  await expect(page.getByTestId('composer-input')).toBeVisible();
}

async function ask(page: Page, question: string): Promise<void> {
  const answers = page.locator('[data-testid=message-assistant][data-state=done]');
  await page.getByTestId('composer-input').fill(question);
  const before = await answers.count();
  await page.getByTestId('send').click();
  await expect(answers).toHaveCount(before + 1);
}

async function showHistory(page: Page): Promise<void> {
  const button = page.getByTestId('history-show');
  if (await button.isVisible()) await button.click();
}

async function reopen(page: Page): Promise<void> {
  await page.reload();
  await page.getByTestId('continue-model').click();
  await expect(page.getByTestId('composer-input')).toBeVisible();
}

const lastText = (page: Page) => page.getByTestId('message-assistant').last().getByTestId('message-text');

test('conversations are listed, found, renamed, pinned, deleted and brought back', async ({ page }) => {
  await startDemo(page);
  await ask(page, 'What is the capital of France?');
  await page.getByTestId('new-chat').click();
  await ask(page, 'What is 27 + 15?');
  // A chat in which nothing was written is not what the reader comes back to.
  await page.getByTestId('new-chat').click();
  await expect(page.getByTestId('message-user')).toHaveCount(0);
  await page.reload();
  await expect(page.getByTestId('continue-chat')).toContainText('What is 27 + 15?');
  await page.getByTestId('continue-model').click();
  await expect(lastText(page)).toContainText('42');

  await showHistory(page);
  const items = page.getByTestId('history-item');
  await expect(items).toHaveText([/27 \+ 15/, /France/]);

  await page.getByTestId('history-search').fill('paris');
  await expect(page.getByTestId('history-hit')).toHaveCount(1);
  await expect(page.getByTestId('history-hit').locator('mark')).toHaveText('Paris');
  await page.getByTestId('history-hit').click();
  await expect(lastText(page)).toContainText('Paris');

  await showHistory(page);
  await page.getByTestId('history-search').fill('paris');
  await expect(items).toHaveCount(0);
  await page.getByTestId('history-search').press('Escape');
  await expect(page.getByTestId('history-search')).toHaveValue('');
  // The actions of one conversation at a time.
  const actions = page.getByTestId('history-rename');
  await items.nth(0).getByTestId('history-more').click();
  await page.keyboard.press('Escape');
  await expect(actions).toHaveCount(0);
  await expect(items.nth(0).getByTestId('history-more')).toBeFocused();
  await items.nth(0).getByTestId('history-more').click();
  await page.getByTestId('history-search').click();
  await expect(actions).toHaveCount(0);
  await items.nth(0).getByTestId('history-more').click();
  await items.nth(1).getByTestId('history-more').click();
  await expect(actions).toHaveCount(1);
  await actions.click();
  await page.getByTestId('history-name').fill('Capitals');
  await page.keyboard.press('Enter');
  await expect(items.nth(1)).toContainText('Capitals');
  await items.nth(1).getByTestId('history-more').click();
  await page.getByTestId('history-pin').click();
  await expect(items).toHaveText([/Capitals/, /27 \+ 15/]);

  await page.getByTestId('history-remove').click();
  await expect(items).toHaveText([/27 \+ 15/]);
  await expect(page.getByTestId('message-user')).toHaveCount(0);
  await page.getByTestId('history-undo').click();
  await expect(items).toHaveText([/Capitals/, /27 \+ 15/]);
  await expect(lastText(page)).toContainText('Paris');
});

test('a message that is found is shown, with the keyboard at it', async ({ page }) => {
  const texts = Array.from({ length: 60 }, (_, i) => (i === 20 ? 'The needle.' : `Hay, bundle ${i}. `.repeat(20)));
  await seedChats(page, [sampleChat(texts, { updatedAt: 1 })]);
  await startDemo(page);
  await showHistory(page);
  await page.getByTestId('history-search').fill('needle');
  await page.getByTestId('history-hit').click();
  await expect(page.getByText('The needle.', { exact: true }).last()).toBeInViewport();
  await expect(page.getByTestId('to-latest')).toBeVisible();
  await expect(page.getByRole('region', { name: 'Conversation' })).toBeFocused();
});

test('a question that is edited and an answer that is written anew become versions', async ({ page }) => {
  await startDemo(page);
  await ask(page, 'What is 3 + 4?');
  await expect(lastText(page)).toContainText('7');
  await page.getByTestId('edit').click();
  await page.getByTestId('edit-input').fill('What is 5 + 6?');
  await page.getByTestId('edit-ask').click();
  await expect(lastText(page)).toContainText('11');
  await expect(page.getByTestId('version')).toHaveText('2 / 2');
  await page.getByTestId('version-earlier').click();
  await expect(lastText(page)).toContainText('7');
  // The question is another one, with buttons of its own.
  await expect(page.getByTestId('version-earlier')).toBeFocused();
  await page.getByTestId('version-later').click();
  await expect(lastText(page)).toContainText('11');
  await expect(page.getByTestId('version-later')).toBeFocused();
  await page.getByTestId('version-earlier').click();
  await page.getByTestId('regenerate').click();
  await expect(page.getByTestId('message-assistant').getByTestId('version')).toHaveText('2 / 2');
});

test('a draft and an answer that a reload has cut are still there, and the answer goes on', async ({ page }) => {
  await listWorkers(page);
  await startDemo(page);
  await slowDown(page);
  await page.evaluate(() => {
    new MutationObserver((_, observer) => {
      const text = document.querySelector('[data-testid=message-text]')?.textContent ?? '';
      if (text.length < 3) return;
      observer.disconnect();
      sessionStorage.cut = text;
      // A reload begins a while after it is asked for: a quick answer would be whole by then.
      for (const worker of window.workers) worker.terminate();
      location.reload();
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  const reloaded = page.waitForEvent('load');
  await page.getByTestId('composer-input').fill('Who are you?');
  await page.getByTestId('send').click();
  await reloaded;
  await expect(page.getByTestId('interrupted-note')).toBeVisible();
  await page.getByTestId('continue-model').click();
  await expect(page.getByTestId('message-user')).toContainText('Who are you?');
  const answer = page.getByTestId('message-assistant').last();
  await expect(answer).toHaveAttribute('data-state', 'done');
  const cut = await page.evaluate(() => String(sessionStorage.cut));
  const whole = (await lastText(page).textContent()) ?? '';
  expect(whole.startsWith(cut)).toBe(true);
  expect(whole.length).toBeGreaterThan(cut.length);
  // What is written without a break is the same.
  await page.getByTestId('regenerate').click();
  await expect(answer.getByTestId('version')).toHaveText('2 / 2');
  await expect(answer).toHaveAttribute('data-state', 'done');
  await expect(lastText(page)).toHaveText(whole);

  const draft = page.getByTestId('composer-input');
  await draft.fill('half a thought');
  await expect(draft).toHaveCSS('direction', 'ltr');
  await draft.fill('نصف فكرة');
  await expect(draft).toHaveCSS('direction', 'rtl');
  await reopen(page);
  await expect(draft).toHaveValue('نصف فكرة');
});

test('everything saved to a file, deleted and read again is there; a passphrase keeps it shut', async ({
  page,
  isMobile,
}) => {
  await startDemo(page);
  await ask(page, 'What is the capital of France?');
  await showHistory(page);
  await page.getByTestId('history-data').click();
  await page.route('**/assets/chatFile-*.js', (route) => route.abort());
  await page.getByTestId('data-export').click();
  await expect(page.getByTestId('data-problem')).toHaveText(en.errors.partMissing);
  await page.unroute('**/assets/chatFile-*.js');
  await page.evaluate(() => {
    const { createObjectURL } = URL;
    URL.createObjectURL = () => {
      URL.createObjectURL = createObjectURL;
      throw new Error('no room for the file');
    };
  });
  await page.getByTestId('data-export').click();
  await expect(page.getByTestId('data-problem')).toContainText('no room for the file');
  const download = page.waitForEvent('download');
  await page.getByTestId('data-export').click();
  const file = await (await download).path();
  await page.getByTestId('data-remove').click();
  await page.getByTestId('data-remove-confirm').click();
  await expect(page.getByTestId('message-user')).toHaveCount(0);

  const broken = {
    name: 'broken.json',
    mimeType: 'application/json',
    buffer: Buffer.from(readFileSync(file, 'utf8').replace('minicpm-chats', 'others')),
  };
  await page.getByTestId('data-import').setInputFiles(broken);
  const problem = page.getByTestId('data-problem');
  await expect(problem).toBeVisible();
  await page.getByTestId('data-import').setInputFiles(file);
  await expect(page.getByTestId('data-said')).toContainText('1');
  await page.getByTestId('data-import').setInputFiles(broken);
  await expect(problem).toBeVisible();
  const readable = page.getByTestId('data-export-note');
  await expect(readable).toHaveCount(0);
  await page.getByTestId('protect-passphrase').fill('correct horse');
  await page.getByTestId('protect').click();
  await expect(page.getByTestId('protect')).toBeEnabled();
  await expect(readable).toContainText('not encrypted');
  await expect(problem).toHaveCount(0);

  await reopen(page);
  await showHistory(page);
  await expect(page.getByTestId('history-item')).toHaveCount(0);
  const form = page.getByTestId('history-unlock');
  // Where the form is in a list beside the conversation, the conversation says so too.
  const lockedNote = page.getByTestId('locked-note');
  await expect(lockedNote).toHaveCount(isMobile ? 0 : 1);
  await form.locator('input').fill('wrong');
  await form.getByRole('button').click();
  await expect(form.getByRole('alert')).toBeVisible();
  await expect(form.getByRole('button')).toBeFocused();
  await form.locator('input').fill('correct horse');
  await form.getByRole('button').click();
  await expect(page.getByTestId('history-item')).toContainText('France');
  await expect(lockedNote).toHaveCount(0);
  await expect(page.getByTestId('history-list').locator('..')).toBeFocused();
});

test('what is saved brings roles and settings back after everything was deleted, and no token', async ({ page }) => {
  await seedChats(page, [sampleChat(['What is a river?', 'Moving water.'])]);
  await page.evaluate(() => {
    const role = { name: 'Geographer', about: 'Knows rivers', instructions: 'Be brief.', sampling: { top_k: 20 } };
    localStorage.setItem('minicpm.roles', JSON.stringify([{ ...role, id: 'r' }]));
    localStorage.setItem('minicpm.theme', 'dark');
    localStorage.setItem('minicpm.hubTokens', JSON.stringify({ 'https://example.org': 'hf_secret' }));
  });
  await page.goto('./#settings');
  const save = async () => {
    await page.getByTestId('settings-data').click();
    const download = page.waitForEvent('download');
    await page.getByTestId('data-export').click();
    const path = await (await download).path();
    await page.keyboard.press('Escape');
    const text = readFileSync(path, 'utf8');
    return { path, text, content: { ...(JSON.parse(text) as object), exportedAt: null } };
  };
  const saved = await save();
  expect(saved.content).toMatchObject({ roles: [{ name: 'Geographer' }], settings: { theme: 'dark' } });
  expect(saved.text).not.toContain('hf_secret');

  await page.getByTestId('delete-everything').click();
  await page.getByTestId('delete-confirm').click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
  await page.getByTestId('settings-link').click();
  await page.getByTestId('settings-data').click();
  const said = page.getByTestId('data-said');
  await page.getByTestId('data-import').setInputFiles(saved.path);
  await expect(said).toHaveText(/read: 1\. Roles added: 1\. Settings/);
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.getByTestId('data-import').setInputFiles(saved.path);
  await expect(said).toHaveText(/read: 1\.$/);
  await page.keyboard.press('Escape');
  expect((await save()).content).toEqual(saved.content);
});

test('a second tab leaves the conversation that the first one shows alone', async ({ page, context }) => {
  await startDemo(page);
  await ask(page, 'What is 3 + 4?');
  await expect.poll(() => page.evaluate(async () => (await navigator.locks.query()).held!.length)).toBeGreaterThan(0);
  const second = await context.newPage();
  await second.goto('./');
  await second.getByTestId('continue-model').click();
  await second.getByTestId('open-beside').click();
  await expect(second.getByTestId('composer-input')).toBeVisible();
  await expect(second.getByTestId('message-user')).toHaveCount(0);
  await showHistory(second);
  await second.getByTestId('history-search').fill('what is');
  await second.getByTestId('history-hit').click();
  await expect(second.getByTestId('history-hits').getByTestId('elsewhere')).toBeVisible();
  await second.getByTestId('history-search').fill('');
  await expect(second.getByTestId('history-item').getByRole('alert')).toBeVisible();
  // Nothing was written here, so what was shown last is what the first tab shows.
  await page.close();
  await reopen(second);
  await expect(second.getByTestId('message-user')).toContainText('What is 3 + 4?');
});
