/** Resolves behind what the page does at the moment, and behind the picture of it where one is due. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** Resolves behind the next picture of the page that is drawn, or behind the task at hand where nobody looks at it. */
export async function nextPicture(): Promise<void> {
  if (document.visibilityState === 'visible') await new Promise((resolve) => requestAnimationFrame(resolve));
  await nextTask();
}
