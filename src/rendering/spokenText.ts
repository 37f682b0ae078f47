import { parseMarkdown } from './parser';
import { plainText } from './plainText';

/** What a screen reader says of an answer: its words without the marks. */
export function spokenText(answer: string): string {
  return plainText(parseMarkdown(answer, false).map(({ block }) => block));
}
