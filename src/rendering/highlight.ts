import { common, createLowlight } from 'lowlight';

/** A piece of a line; `kind` is the highlighter's class, or '' for plain text. */
export interface CodeToken {
  text: string;
  kind: string;
}

export type CodeLine = CodeToken[];

type HastNode = ReturnType<typeof lowlight.highlight>['children'][number];

/** Longer code stays plain: the time that grammars take is not bounded by the length alone. */
const MAX_CHARACTERS = 50_000;

const lowlight = createLowlight(common);

/** Code in a language, by lines of coloured pieces. Languages that are not known stay plain. */
export function highlight(code: string, language: string): CodeLine[] {
  const name = language.toLowerCase();
  if (code.length > MAX_CHARACTERS || !lowlight.registered(name)) return plainLines(code);
  const lines: CodeLine[] = [[]];
  for (const node of lowlight.highlight(name, code).children) collect(lines, node, '');
  return lines;
}

function plainLines(code: string): CodeLine[] {
  return code.split('\n').map((text) => (text === '' ? [] : [{ text, kind: '' }]));
}

function collect(lines: CodeLine[], node: HastNode, kind: string): void {
  if (node.type === 'element') {
    for (const child of node.children) collect(lines, child, kindOf(node.properties.className) || kind);
  } else if (node.type === 'text') {
    const [first = '', ...rest] = node.value.split('\n');
    add(lines.at(-1)!, first, kind);
    for (const text of rest) lines.push(text === '' ? [] : [{ text, kind }]);
  }
}

function add(line: CodeLine, text: string, kind: string): void {
  if (text !== '') line.push({ text, kind });
}

/** Classes are like 'hljs-title function_': the first names what the page has a colour for. */
function kindOf(classes: unknown): string {
  const [first] = Array.isArray(classes) ? classes : [];
  return typeof first === 'string' ? first.replace(/^hljs-/, '') : '';
}
