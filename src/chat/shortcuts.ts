/** What single keys do in the conversation, in the order in which the help lists them. */
export const SHORTCUTS = [
  { action: 'newChat', key: 'n' },
  { action: 'compose', key: 'c' },
  { action: 'search', key: '/' },
  { action: 'sidebar', key: 'b' },
  { action: 'models', key: 'm' },
  { action: 'help', key: '?' },
] as const;

export type ShortcutAction = (typeof SHORTCUTS)[number]['action'];

type KeyPress = Pick<
  KeyboardEvent,
  'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'isComposing' | 'defaultPrevented' | 'target'
>;

/** What a key press asks for; null while something is typed or a dialog is open, and for keys that mean nothing. */
export function shortcutFor(press: KeyPress): ShortcutAction | null {
  const { key, ctrlKey, metaKey, altKey, isComposing, defaultPrevented, target } = press;
  if (ctrlKey || metaKey || altKey || isComposing || defaultPrevented || takesKeys(target)) return null;
  return SHORTCUTS.find((shortcut) => shortcut.key === key.toLowerCase())?.action ?? null;
}

/** Fields take every key, choices take letters, and what is in a dialog has nothing to do with the page behind it. */
function takesKeys(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select, [contenteditable], dialog') !== null;
}
