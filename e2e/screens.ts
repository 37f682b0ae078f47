import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { roleFragment } from '../src/roles/roleLink';
import type { HubOptions } from '../workers/testing/hubServer';
import type { Fixtures } from './fixtures';
import { sampleAnswer, sampleChat } from '../src/testing/sampleChat';

/** Screens and dialogs of the app, in the order of three visits that come past them. */

export const PHONE = { width: 390, height: 844 };
export const LAPTOP = { width: 1280, height: 800 };

/** A screen, or a state of one that looks different. */
export interface Screen {
  name: string;
  /** Comes there from the screen before, in a window of a laptop's size. */
  enter: (page: Page, serve: Fixtures['serve']) => Promise<void>;
  /** Shows it again after a press elsewhere. */
  renew?: (page: Page) => Promise<void>;
  /** Puts it away where the next one needs that. */
  leave?: (page: Page) => Promise<void>;
}

const ANSWER = `## Rivers

A **river** is *moving* water, with $v = \\sqrt{2gh}$ and [a source](https://example.com/source).

- [x] long
- [ ] wide
1. one
   > quoted \`code\`

\`\`\`python
def flow(depth):  # metres
    return "fast" if depth < 2 else 'slow'
\`\`\`

| river | length |
|---|--:|
| Nile | 6650 |

$$
\\frac{a}{b} = \\sum_{i=0}^{n} x_i
$$`;
/** An answer with all that answers are made of, to a question that was put differently before. */
export const RIVERS = sampleChat([], {
  name: 'Rivers',
  instructions: 'Answer as a geographer.',
  updatedAt: 2,
  messages: [
    { id: 0, parentId: null, role: 'user', text: 'Tell me about lakes.' },
    { id: 1, parentId: null, role: 'user', text: 'Tell me about rivers.' },
    {
      ...sampleAnswer({ id: 2, parentId: 1, text: ANSWER }),
      thought: { text: 'What flows, and how fast?\n\nA table will do.', seconds: 3 },
    },
  ],
  leafId: 2,
});

const ROLE = {
  name: 'Geographer',
  about: 'Knows rivers',
  instructions: 'Answer as a geographer. '.repeat(60),
  opening: 'Which river is the longest?',
  sampling: { temperature: 0.5 },
};

const PICTURE = { mimeType: 'image/png', buffer: readFileSync('e2e/nano/pictures/shapes-3.png') };

/** Falls silent in the midst of the weights: the import stays where it is. */
const SILENT: HubOptions['fault'] = ({ range }) =>
  range && range.from > 2_000_000 ? { kind: 'stall', bytes: 0 } : null;

/** Before any model is opened. */
const WITHOUT_A_MODEL: Screen[] = [
  {
    name: 'first visit',
    enter: async (page) => {
      await page.getByTestId('catalogue-all').click();
      await page.getByTestId('device-note').waitFor();
    },
  },
  {
    name: 'import',
    enter: async (page, serve) => {
      const { url } = await serve({ fault: SILENT });
      await page.getByTestId('url-input').fill(`${url}openbmb/nano/resolve/main/`);
      await page.getByTestId('licence-accept').check();
      await page.getByTestId('url-import').click();
      await page.locator('progress[value]:not([value="0"])').waitFor();
    },
  },
  {
    name: 'import in the background',
    enter: async (page) => {
      await page.getByTestId('import-background').click();
      await page.getByTestId('transfer').and(page.locator('[data-state=running]')).waitFor();
    },
    leave: async (page) => {
      await page.getByTestId('transfer-cancel').click();
      await page.getByTestId('transfer-delete').click();
      await page.getByTestId('transfer').waitFor({ state: 'detached' });
    },
  },
  { name: 'download', enter: (page) => page.getByTestId('offer-get').first().click(), leave: escape },
  {
    name: 'error banner',
    enter: async (page) => {
      const file = {
        name: 'broken.gguf',
        mimeType: 'application/octet-stream',
        buffer: Buffer.from('GGUF and nothing'),
      };
      await page.getByTestId('open-file-input').setInputFiles(file);
      await page.getByTestId('error-banner').waitFor();
    },
  },
  {
    name: 'sources',
    enter: async (page) => {
      await page.getByTestId('sources').locator('summary').first().click();
      await page.getByTestId('source-own').check();
      await page.getByTestId('tokens').locator('summary').click();
    },
  },
  {
    name: 'shared role',
    enter: async (page) => {
      await page.evaluate((fragment) => (location.hash = fragment), roleFragment(ROLE));
      await page.getByTestId('shared-role').waitFor();
    },
    leave: escape,
  },
  {
    name: 'shared role that cannot be read',
    enter: async (page) => {
      await page.evaluate(() => (location.hash = '#role=AAAA'));
      await page.getByTestId('shared-fault').waitFor();
    },
    leave: escape,
  },
  { name: 'live mode without a model', enter: (page) => show(page, 'live') },
  { name: 'storage, empty', enter: (page) => show(page, 'storage') },
  { name: 'settings', enter: (page) => show(page, 'settings') },
  {
    name: 'settings, asked about deleting everything',
    enter: async (page) => {
      await page.getByTestId('delete-everything').click();
      await page.getByTestId('delete-confirm').waitFor();
    },
  },
  {
    name: 'device',
    enter: async (page) => {
      await show(page, 'device');
      await page.getByTestId('cost-device').fill('600');
      await page.getByTestId('cost-lifetime').fill('5');
      await page.getByTestId('cost-hours').fill('2');
      await page.getByTestId('cost-add').click();
      await page.getByTestId('cost-service-price').fill('2');
      await page.getByTestId('cost-rate').fill('-1');
      await page.keyboard.press('Tab');
      await page.getByTestId('not-taken').waitFor();
      await page.getByTestId('cost-table').waitFor();
    },
  },
];

/** With a model, and everything around a conversation in words. */
const IN_A_CONVERSATION: Screen[] = [
  {
    name: 'conversation',
    enter: async (page) => {
      await page.getByTestId('start-demo').click();
      await page.locator('math').first().waitFor();
      await page.locator('.code-keyword').first().waitFor();
    },
  },
  {
    name: 'thought',
    enter: (page) => page.getByTestId('thought').locator('summary').click(),
    leave: (page) => page.getByTestId('thought').locator('summary').click(),
  },
  {
    name: 'answer of the demo',
    enter: async (page) => {
      await page.getByTestId('composer-input').fill('What is 27 + 15?');
      await page.getByTestId('send').click();
      await page.locator('[data-testid=message-assistant][data-state=done]').nth(1).waitFor();
    },
  },
  {
    name: 'conversation that the model cannot keep in mind',
    enter: async (page) => {
      await page.getByTestId('composer-input').fill('What is 2 + 2? '.repeat(24));
      await page.getByTestId('send').click();
      await page.locator('[data-testid=overflow-notice][data-reason=refused]').waitFor();
    },
  },
  {
    name: 'conversation of which the oldest messages are left out',
    enter: async (page) => {
      await page.getByTestId('overflow-forget').click();
      await page.getByTestId('forgotten').waitFor();
      await page.locator('[data-testid=message-assistant][data-state=done]').nth(2).waitFor();
    },
  },
  { name: 'models', enter: (page) => page.getByTestId('model-menu').click(), leave: escape },
  { name: 'shortcuts', enter: (page) => page.keyboard.press('Shift+?'), leave: escape },
  {
    name: 'settings of the conversation',
    enter: async (page) => {
      await page.getByTestId('chat-settings-show').click();
      await page.getByTestId('sampling-temperature').waitFor();
    },
  },
  {
    name: 'library of roles',
    enter: async (page) => {
      await page.getByTestId('choose-role').click();
      await page.getByTestId('role-more').first().click();
    },
  },
  {
    name: 'role with an error',
    enter: async (page) => {
      await page.getByTestId('role-add').click();
      await page.getByTestId('role-keep').click();
      await page.getByTestId('role-form').getByRole('alert').waitFor();
    },
    leave: async (page) => {
      while ((await page.locator('dialog[open]').count()) > 0) await escape(page);
    },
  },
  {
    name: 'search',
    enter: async (page) => {
      await page.keyboard.press('/');
      await page.keyboard.type('river');
      await page.getByTestId('history-hit').first().waitFor();
    },
  },
  {
    name: 'conversation with its actions',
    enter: async (page) => {
      await page.getByTestId('history-search').fill('');
      await page.getByTestId('history-more').first().click();
    },
    renew: (page) => page.getByTestId('history-more').first().click(),
  },
  {
    name: 'data',
    enter: (page) => page.getByTestId('history-data').click(),
    leave: escape,
  },
  {
    name: 'new conversation, list in a drawer',
    enter: async (page) => {
      await page.getByTestId('new-chat').click();
      await page.setViewportSize(PHONE);
      await page.getByTestId('history-show').click();
    },
    leave: escape,
  },
  { name: 'benchmark', enter: (page) => show(page, 'benchmark') },
  { name: 'storage', enter: (page) => show(page, 'storage') },
  {
    name: 'storage, asked about removing a model',
    enter: (page) => page.getByTestId('storage-remove').first().click(),
  },
  {
    name: 'model taken over by another tab',
    enter: async (page) => {
      const other = await page.context().newPage();
      await other.goto('./');
      await other.getByTestId('continue-model').click();
      await other.getByTestId('take-over').click();
      await page.getByTestId('other-tab').waitFor();
      await other.close();
      await page.bringToFront();
    },
  },
];

/** With a model that sees. */
const WITH_PICTURES: Screen[] = [
  {
    name: 'pictures in a draft',
    enter: async (page) => {
      await page.getByTestId('start-demo').click();
      await page.getByTestId('new-chat').click();
      const files = ['a.png', 'b.png'].map((name) => ({ name, ...PICTURE }));
      await page.getByTestId('picture-files').setInputFiles(files);
      await page.getByTestId('picture-problem').waitFor();
    },
  },
  {
    name: 'picture',
    enter: async (page) => {
      await page.getByTestId('picture-tray').getByTestId('picture-open').click();
      await page.getByTestId('picture-viewer').locator('img').waitFor();
    },
    leave: escape,
  },
  {
    name: 'question about a picture, being edited',
    enter: async (page) => {
      await page.getByTestId('send').click();
      await page.locator('[data-testid=message-assistant][data-state=done]').waitFor();
      await page.getByTestId('edit').press('Enter');
      await page.getByTestId('edit-input').waitFor();
    },
  },
  {
    name: 'camera',
    enter: async (page) => {
      await page.getByTestId('take-photo').click();
      await page.locator('[data-testid=shutter][aria-disabled=false]').waitFor();
    },
    leave: escape,
  },
  {
    name: 'live mode',
    enter: async (page) => {
      await page.getByTestId('live-enter').click();
      await page.getByTestId('live-camera').waitFor();
    },
  },
  {
    name: 'live mode, watching',
    enter: async (page) => {
      await page.getByTestId('live-camera').click();
      await page.locator('[data-testid=live-entry]:not([data-state=writing])').first().waitFor();
      await page.getByTestId('live-pause').click();
      await page.locator('[data-testid=live-entry][data-state=writing]').waitFor({ state: 'detached' });
    },
  },
  {
    name: 'live mode, question and pace in a dialog',
    enter: async (page) => {
      await page.setViewportSize(PHONE);
      await page.getByTestId('live-adjust').click();
    },
    leave: escape,
  },
  {
    name: 'kept commentary',
    enter: async (page) => {
      await page.getByTestId('live-keep').click();
      await page.getByTestId('live-open-kept').click();
      await page.getByTestId('frames').locator('img').first().waitFor();
    },
  },
  {
    name: 'history that is locked',
    enter: async (page) => {
      await page.getByTestId('history-data').click();
      await page.getByTestId('protect-passphrase').fill('correct horse');
      await page.getByTestId('protect').click();
      await page.getByTestId('data-export-note').waitFor();
      await page.reload();
      await page.getByTestId('continue-model').click();
      await page.getByTestId('history-unlock').waitFor();
    },
  },
  {
    name: 'start after crashes, with an update that is ready',
    enter: async (page) => {
      await page.evaluate(async () => {
        localStorage.setItem('minicpm.crashes', JSON.stringify({ during: 'answering', times: 2 }));
        await navigator.serviceWorker.ready;
      });
      await page.reload();
      await page.getByTestId('safe-start').waitFor();
      // As where another tab has put a new version in the place of this one.
      await page.waitForFunction(() => {
        navigator.serviceWorker.dispatchEvent(new Event('controllerchange'));
        return document.querySelector('[data-testid=update]') !== null;
      });
    },
  },
];

/** Each visit begins at the start of the page, in a profile that has the conversation RIVERS only. */
export const VISITS: Record<string, Screen[]> = {
  'without a model': WITHOUT_A_MODEL,
  'in a conversation': IN_A_CONVERSATION,
  'with pictures': WITH_PICTURES,
};

async function escape(page: Page): Promise<void> {
  await page.keyboard.press('Escape');
}

/** Goes to a screen by its address. */
async function show(page: Page, screen: string): Promise<void> {
  await page.evaluate((name) => (location.hash = name), screen);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.waitForFunction(() => document.querySelector('[aria-busy=true]') === null);
}
