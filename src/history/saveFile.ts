/** Hands a file to the person, as a download. */
export function saveFile(name: string, type: string, content: string | Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([content], { type: `${type};charset=utf-8` }));
  link.download = name;
  link.click();
  // The browser reads the address at the click, but some only after it has returned.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
