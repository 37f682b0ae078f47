/** A page may be taken for visible and not be drawn, under other windows or in the midst of being hidden. */
const LONGEST_WAIT_MILLISECONDS = 100;

/** Resolves behind what the page does at the moment, and behind the picture of it where one is due. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** Resolves behind the next picture of the page that is drawn, or soon where none is. */
export async function nextPicture(): Promise<void> {
  if (document.visibilityState === 'visible')
    await new Promise((resolve) => {
      requestAnimationFrame(resolve);
      setTimeout(resolve, LONGEST_WAIT_MILLISECONDS);
    });
  await nextTask();
}
