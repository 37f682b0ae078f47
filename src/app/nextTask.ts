/** Resolves behind what the page does at the moment, and behind the picture of it where one is due. */
export function nextTask(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
