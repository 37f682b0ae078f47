import { mount } from 'svelte';
import App from './App.svelte';
import { firstPicture } from './app/firstPicture';
import { Settings } from './app/settings.svelte';
import './app.css';
import { startParts } from './models/startParts';

async function start(): Promise<void> {
  const target = document.getElementById('app');
  if (!target) throw new Error('index.html has no element #app');
  // What cannot be fetched is said where it is to be shown.
  startParts().catch(() => undefined);
  // The first words are seen before the page is built in their place.
  const [settings] = await Promise.all([Settings.open(), firstPicture()]);
  target.replaceChildren();
  mount(App, { target, props: { settings } });
}

start().catch((error: unknown) => {
  dispatchEvent(new Event('startfailed'));
  throw error;
});
