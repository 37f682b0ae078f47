import type { FileSet } from './fileSet';

const README_LIMIT = 1 << 20;

/**
 * The licence that a checkpoint's README.md states in its front matter, as hubs write it ('apache-2.0'; for licences of
 * a name of their own, that name). Null where there is none: whatever is wrong with a README, its model can be imported.
 */
export async function readLicence(files: FileSet): Promise<string | null> {
  try {
    const source = await files.open('README.md');
    return source && licenceIn(new TextDecoder().decode(await source.readAll(README_LIMIT)));
  } catch {
    return null;
  }
}

/** `license:` of the YAML between the first two lines of dashes, `license_name:` before a mere 'other'. */
function licenceIn(readme: string): string | null {
  const [, frontMatter] = /^\uFEFF?---\r?\n(.*?)^---\s*$/ms.exec(readme) ?? [];
  if (frontMatter === undefined) return null;
  const licence = field(frontMatter, 'license');
  return licence === 'other' ? (field(frontMatter, 'license_name') ?? licence) : licence;
}

/** A short plain value of a field, or the first of a list of them. */
function field(yaml: string, name: string): string | null {
  const match = new RegExp(`^${name}:\\s*(?:- *)?(["']?)([\\w.+-][\\w.+ -]{0,63})\\1\\s*(?:#.*)?$`, 'm').exec(yaml);
  return match?.[2]?.trim() ?? null;
}
