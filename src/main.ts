import { mount } from 'svelte';
import App from './App.svelte';
import { nextPicture } from './app/nextTask';
import { Settings } from './app/settings.svelte';
import './app.css';
import { startParts } from './models/startParts';

async function start(): Promise<void> {
  const target = document.getElementById('app');
  if (!target) throw new Error('index.html has no element #app');
  // What cannot be fetched is said where it is to be shown.
  startParts().catch(() => undefined);
  // The first words are seen before the page is built in their place, however soon it could be.
  const [settings] = await Promise.all([Settings.open(), nextPicture()]);
  target.replaceChildren();
  mount(App, { target, props: { settings } });
}

start().catch((error: unknown) => {
  dispatchEvent(new Event('startfailed'));
  throw error;
});
