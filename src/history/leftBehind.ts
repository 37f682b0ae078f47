import type { Chat } from '../chat/chat';

/**
 * A page that goes away is not given the time that a database needs; localStorage takes what is unsaved at once, until
 * the next visit moves it to the database.
 */
const PREFIX = 'minicpm.leftBehind.';

export function leaveBehind(chats: readonly Chat[]): void {
  try {
    for (const chat of chats) localStorage.setItem(PREFIX + chat.id, JSON.stringify(chat));
  } catch {
    // Storage is blocked or full: what the database has of them stays.
  }
}

/** What earlier visits left behind. */
export function leftBehind(): Chat[] {
  try {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
    return keys.map((key) => JSON.parse(localStorage.getItem(key)!) as Chat);
  } catch {
    return [];
  }
}

/** Forgets what was left behind of conversations, because the database has it. */
export function pickUp(ids: Iterable<string>): void {
  try {
    for (const id of ids) localStorage.removeItem(PREFIX + id);
  } catch {
    // Where localStorage is blocked, nothing was left in it.
  }
}
