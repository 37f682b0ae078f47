/** What the page states about the demo model before it is imported. A test holds it against the files in public/. */
export const DEMO = {
  parameters: 2_890_560,
  licence: 'Apache-2.0',
} as const;
