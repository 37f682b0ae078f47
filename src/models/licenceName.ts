/** Licences as hubs write them, and as their own authors do. */
const NAMES: Readonly<Record<string, string>> = { 'apache-2.0': 'Apache-2.0', mit: 'MIT' };

/** The name of a licence that a checkpoint states. */
export function licenceName(stated: string): string {
  return NAMES[stated.toLowerCase()] ?? stated;
}
