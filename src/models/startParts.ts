/** The notes of the start, and its choices. */
export type Parts = [typeof import('./StartNotes.svelte'), typeof import('./StartChoices.svelte')];

let parts: Promise<Parts> | null = null;

/** What of the start is not in the first picture. What could not be fetched is fetched anew by who asks again. */
export function startParts(): Promise<Parts> {
  return (parts ??= Promise.all([import('./StartNotes.svelte'), import('./StartChoices.svelte')]).catch((error) => {
    parts = null;
    throw error;
  }));
}
