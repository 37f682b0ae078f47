import { mount } from 'svelte';
import App from './App.svelte';
import { nextTask } from './app/nextTask';
import { Settings } from './app/settings.svelte';
import './app.css';
import { startParts } from './models/startParts';

async function start(): Promise<void> {
  const target = document.getElementById('app');
  if (!target) throw new Error('index.html has no element #app');
  // What cannot be fetched is said where it is to be shown.
  startParts().catch(() => undefined);
  // Between reading the scripts and building the page others get their turn.
  const [settings] = await Promise.all([Settings.open(), nextTask()]);
  target.replaceChildren();
  mount(App, { target, props: { settings } });
}

void start();
