/** The keyCode that browsers report for keys that an input method has taken. */
const TAKEN_BY_INPUT_METHOD = 229;

type KeyPress = Pick<KeyboardEvent, 'key' | 'shiftKey' | 'isComposing' | 'keyCode'>;

/** True for Enter that means "send": not with Shift, and not the Enter that accepts an input method's proposal. */
export function meansSend({ key, shiftKey, isComposing, keyCode }: KeyPress): boolean {
  // Safari ends the composition before it reports the Enter that ended it; there only the key code tells.
  return key === 'Enter' && !shiftKey && !isComposing && keyCode !== TAKEN_BY_INPUT_METHOD;
}
