/** The files that a paste brings; none where it brings text too, as office programs and spreadsheets do of what is text. */
export function pastedFiles(data: Pick<DataTransfer, 'types' | 'files'> | null): File[] {
  if (!data || data.types.includes('text/plain')) return [];
  return [...data.files].filter(isPictureFile);
}

/** Whether a file looks like a picture: some systems know no type for HEIC. What it is, the engine finds out. */
export function isPictureFile({ type, name }: Pick<File, 'type' | 'name'>): boolean {
  return type.startsWith('image/') || /\.hei[cf]$/i.test(name);
}
