const ALLOWED = /^(?:https?:\/\/|mailto:)/i;

/**
 * True for addresses that a link may lead to. All else is refused: scripts and data, files, and addresses relative to this
 * page, which an answer cannot know.
 */
export function isSafeLink(href: string): boolean {
  return ALLOWED.test(href) && URL.canParse(href);
}

/**
 * Where a safe link leads, in words that its label cannot fake: the host in ASCII, or the mail address without
 * its parameters.
 */
export function destination(href: string): string {
  const url = new URL(href);
  return url.protocol === 'mailto:' ? url.pathname : url.host;
}

/** True where a label says by itself where the link leads, as that of a bare address does. */
export function namesDestination(label: string, href: string): boolean {
  const { protocol, origin } = new URL(href);
  if (protocol === 'mailto:') return label === destination(href) || label === href;
  const bare = label.toLowerCase();
  return bare === origin || bare.startsWith(`${origin}/`) || bare.startsWith(`${origin}?`);
}
