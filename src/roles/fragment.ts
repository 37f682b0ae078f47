/** How the fragment of an address that holds a role begins. Browsers send fragments to nobody. */
export const ROLE_PREFIX = '#role=';

/** True for a fragment that claims to hold a role. */
export function holdsRole(fragment: string): boolean {
  return fragment.startsWith(ROLE_PREFIX);
}
