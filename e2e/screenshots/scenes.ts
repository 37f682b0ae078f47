import type { Page } from 'playwright';
import { thinkingNano } from '../thinkingNano';

/** Where the pictures are taken. */
export interface Stage {
  page: Page;
  language: 'en' | 'zh';
  /** Of the app. */
  url: string;
  /** A hub with a copy of the demo model, slow enough for a picture of it on its way. */
  hubUrl: string;
}

/** What is to be seen, in the order of a visit: each begins where the one before has ended. */
export interface Scene {
  name: string;
  enter(stage: Stage): Promise<unknown>;
  /** Afterwards, where something has to be put away for the next one. */
  leave?(stage: Stage): Promise<unknown>;
  /** The whole length of the page, too. */
  isLong?: boolean;
}

const QUESTIONS = {
  en: ['What is 27 + 15?', 'How do you say apple in Chinese?', 'Who are you?'],
  zh: ['27加15等于多少？', '泰山高1533米，黄山高1864米。哪座山更高？高多少？', '你是谁？'],
};

const escape = ({ page }: Stage) => page.keyboard.press('Escape');

/** On a phone the list of conversations is behind a button. */
async function showHistory({ page }: Stage): Promise<void> {
  const button = page.getByTestId('history-show');
  if (await button.isVisible()) await button.click();
}

/** Lets the demo's weights through, which wait for the picture of their arrival. */
let release: () => void = () => undefined;

export const SCENES: Scene[] = [
  {
    name: 'first',
    async enter({ page, url }) {
      await page.goto(url);
      await page.getByTestId('start-demo').waitFor();
      await page.getByTestId('device-note').waitFor();
    },
  },
  {
    name: 'download',
    async enter({ page }) {
      await page.getByTestId('offer-get').first().click();
      await page.getByTestId('download-dialog').waitFor();
    },
    leave: escape,
  },
  {
    name: 'importing',
    async enter({ page }) {
      const released = new Promise<void>((resolve) => (release = resolve));
      await page.route('**/model.safetensors', async (route) => {
        await released;
        await route.continue();
      });
      await page.getByTestId('start-demo').click();
      await page.getByTestId('import-progress').waitFor();
      await page.waitForTimeout(600);
    },
    leave: async () => release(),
  },
  { name: 'empty', enter: ({ page }) => page.getByTestId('composer-input').waitFor() },
  {
    name: 'chat',
    async enter({ page, language }) {
      for (const [i, question] of QUESTIONS[language].entries()) {
        await page.getByTestId('composer-input').fill(question);
        await page.getByTestId('send').click();
        await page.locator('[data-testid=message-assistant][data-state=done]').nth(i).waitFor();
      }
      await page.waitForTimeout(300);
    },
  },
  {
    name: 'history',
    async enter(stage) {
      await showHistory(stage);
      await stage.page.getByTestId('history-more').first().click();
    },
    // The actions first, then the list.
    async leave(stage) {
      await escape(stage);
      await escape(stage);
    },
  },
  {
    name: 'data',
    async enter(stage) {
      await showHistory(stage);
      await stage.page.getByTestId('history-data').click();
    },
    leave: escape,
  },
  {
    name: 'chat-settings',
    enter: ({ page }) => page.getByTestId('chat-settings-show').click(),
  },
  {
    name: 'roles',
    enter: ({ page }) => page.getByTestId('choose-role').click(),
    async leave(stage) {
      await escape(stage);
      await escape(stage);
    },
  },
  { name: 'shortcuts', enter: ({ page }) => page.keyboard.press('Shift+?'), leave: escape },
  {
    name: 'picture',
    async enter({ page }) {
      await page.getByTestId('new-chat').click();
      await page.getByTestId('example-question').first().click();
      await page.locator('[data-testid=message-assistant][data-state=done]').waitFor();
      await page.waitForTimeout(300);
    },
  },
  {
    name: 'picture-large',
    async enter({ page }) {
      await page.getByTestId('message-user').getByTestId('picture-open').click();
      await page.getByTestId('picture-viewer').locator('img').waitFor();
    },
    leave: escape,
  },
  {
    name: 'thinking',
    async enter({ page }) {
      await page.getByTestId('model-menu').click();
      await page.getByTestId('models-dialog').getByTestId('open-file-input').setInputFiles(thinkingNano());
      await page.getByTestId('transfer-open').click();
      await page.getByTestId('thinking-switch').click();
      // In Chinese it does not think.
      await page.getByTestId('composer-input').fill(QUESTIONS.en[0]!);
      await page.getByTestId('send').click();
      await page.locator('[data-testid=message-assistant][data-state=done]').waitFor();
      await page.getByTestId('thought').locator('summary').click();
      await page.waitForTimeout(300);
    },
  },
  {
    name: 'transfer',
    async enter({ page, hubUrl }) {
      await page.getByTestId('model-menu').click();
      const dialog = page.getByTestId('models-dialog');
      await dialog.getByTestId('url-input').fill(`${hubUrl}/openbmb/nano/resolve/main/`);
      await dialog.getByTestId('licence-accept').check();
      await dialog.getByTestId('url-import').click();
      await page.waitForTimeout(5000);
    },
  },
  {
    name: 'storage',
    async enter({ page, url }) {
      await page.goto(`${url}#storage`);
      await page.getByTestId('room-figures').waitFor();
      await page.getByTestId('verify').first().click();
      await page.locator('[data-testid=care][data-state=whole]').waitFor();
    },
  },
  {
    name: 'device',
    isLong: true,
    async enter({ page, url }) {
      await page.goto(`${url}#device`);
      await page.getByTestId('fitting-models').waitFor();
      const entries = { speed: '7.5', watts: '5', energy: '0.6', device: '600', lifetime: '5', hours: '24', rate: '7' };
      for (const [name, value] of Object.entries(entries)) await page.getByTestId(`cost-${name}`).fill(value);
      await page.getByRole('heading', { level: 1 }).focus();
    },
  },
  {
    name: 'settings',
    isLong: true,
    async enter({ page, url }) {
      await page.goto(`${url}#settings`);
      await page.getByTestId('settings-screen').waitFor();
    },
  },
];
