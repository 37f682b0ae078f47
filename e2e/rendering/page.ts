import { mount } from 'svelte';
import '../../src/app.css';
import { Settings } from '../../src/app/settings.svelte';
import Page from './Page.svelte';

declare global {
  interface Window {
    /** Streams a text as an answer, in pieces, and resolves when it is finished. */
    answer: (pieces: string[]) => Promise<void>;
    violations: string[];
    ran: string[];
  }
}

window.violations = [];
window.ran = [];
document.addEventListener('securitypolicyviolation', (event) => window.violations.push(event.violatedDirective));
void Settings.open().then((settings) => mount(Page, { target: document.getElementById('app')!, props: { settings } }));
