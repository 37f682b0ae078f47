/** The language to read `text` aloud in: Chinese where at least a fifth of its letters are, else English. */
export function speechLanguage(text: string): 'zh' | 'en' {
  const letters = text.match(/\p{L}/gu) ?? [];
  const chinese = letters.filter((letter) => /\p{Script=Han}/u.test(letter));
  return chinese.length > 0 && chinese.length >= letters.length / 5 ? 'zh' : 'en';
}
