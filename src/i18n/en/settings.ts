/** English texts of the settings and what they promise. */
export const settings = {
  settings: {
    link: 'Settings',
    heading: 'Settings',
    back: 'Back',
    appearance: 'Appearance',
    language: 'Language',
    languages: { browser: 'As the browser' },
    theme: 'Theme',
    themes: { system: 'As the system', light: 'Light', dark: 'Dark' },
    textSize: 'Size of the text',
    sizes: { small: 'Small', normal: 'Normal', large: 'Large', largest: 'Very large' },
    motion: 'Motion',
    motions: { system: 'As the system', reduce: 'Keep still' },
    data: 'Save, read or delete conversations',
    models: 'Models',
  },
  privacy: {
    heading: 'Privacy',
    promises: [
      'What you write, the pictures you show and what is answered stay on this device. The model runs in this browser; there is no server that answers.',
      'No request leaves this site, except to the sources you choose when you download a model. These see which file is asked for, and from which address.',
      'There are no accounts, no cookies, no statistics, and no scripts of others.',
    ],
    check: 'How to check this',
    checks: [
      'Open a model, then switch the network off. Everything goes on working.',
      'Open the browser’s developer tools (F12), “Network”, and write a message: nothing is listed. Download a model: only sources named under “Download from” are.',
      'Look at the source of this page: its first lines are a policy by which the browser itself refuses scripts of others.',
      'Under “Application” or “Storage”, the developer tools show all that is kept: no cookies, two databases, a few settings, and the page itself in the cache, for when there is no network.',
    ],
  },
  deletion: {
    heading: 'Delete everything',
    note: 'Conversations, models, unfinished downloads, your own roles, access tokens and settings. Nothing can be brought back.',
    remove: 'Delete everything…',
    keep: 'Keep it',
    confirm: 'Delete everything for good',
    working: 'Deleting…',
    left: 'Conversations are deleted. Another tab still uses {models}: close it, then try again.',
    failed: 'Not everything could be deleted: {reason}. Try again.',
  },
  about: {
    heading: 'About',
    app: 'MiniCPM in the browser is free software under the Apache License 2.0.',
    models:
      'Models belong to their authors and have licences of their own; each is shown before the model is downloaded.',
    licences: 'Licences of the software inside',
  },
};
