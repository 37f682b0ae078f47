/** Where the shortcut for a new conversation leads, as the manifest says. */
const NEW_CHAT = '#new';

/** True where the page was just opened with the shortcut for a new conversation. The address forgets it. */
export function takeNewChatShortcut(): boolean {
  if (location.hash !== NEW_CHAT) return false;
  history.replaceState(null, '', location.pathname + location.search);
  return true;
}
