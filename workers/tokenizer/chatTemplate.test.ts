import { Environment, parse, tokenize } from '@huggingface/jinja';
import { describe, expect, test } from 'vitest';
import type { ChatMessage } from '../protocol/chat';
import { miniTokenizer } from '../testing/miniTokenizer';
import { BoundedInterpreter } from './boundedInterpreter';
import { ChatTemplate } from './chatTemplate';
import { strftime } from './strftime';
import { Tokenizer } from './tokenizer';

const render = (source: string, variables: Record<string, unknown> = {}): string =>
  new ChatTemplate(source).render(variables);
const refusal = (part: string) =>
  expect.objectContaining({ name: 'UnsupportedError', message: expect.stringContaining(part) });
const damage = (part: string) =>
  expect.objectContaining({ name: 'InvalidFileError', message: expect.stringContaining(part) });

function withTemplate(chatTemplate: string | null, config: Record<string, unknown> = {}): Tokenizer {
  const record = miniTokenizer();
  return new Tokenizer({ ...record, chatTemplate, config: { ...record.config, ...config } });
}

const user = (content: ChatMessage['content']): ChatMessage[] => [{ role: 'user', content }];

describe('renderChat', () => {
  test('the template sees messages, tokens and a generation prompt by default', () => {
    const tokenizer = withTemplate(
      '{{ bos_token }}{{ messages[0].content }}{{ eos_token }}{{ add_generation_prompt }}',
    );
    expect(tokenizer.renderChat(user('hi'))).toBe('<s>hi</s>true');
    expect(tokenizer.renderChat(user('hi'), { add_generation_prompt: false })).toBe('<s>hi</s>false');
  });

  test('enable_thinking is defined only where it is given', () => {
    const tokenizer = withTemplate('{{ enable_thinking is defined }} {{ enable_thinking }}');
    expect(tokenizer.renderChat(user('hi'))).toMatch(/^false /);
    expect(tokenizer.renderChat(user('hi'), { enable_thinking: undefined })).toMatch(/^false /);
    expect(tokenizer.renderChat(user('hi'), { enable_thinking: false })).toBe('true false');
  });

  test('text parts are joined by newlines; images need a placeholder', () => {
    const tokenizer = withTemplate('{{ messages[0].content }}');
    const image = { type: 'image_url', image_url: { url: 'data:,' } } as const;
    const parts = [image, { type: 'text', text: 'a' } as const, { type: 'text', text: 'b' } as const];
    expect(tokenizer.renderChat(user(parts.slice(1)))).toBe('a\nb');
    const imagePlaceholder = (index: number) => `(image ${index})`;
    expect(tokenizer.renderChat(user(parts), {}, { imagePlaceholder })).toBe('(image 0)\na\nb');
    const all = withTemplate('{% for message in messages %}{{ message.content }};{% endfor %}');
    const messages = [...user([image, image]), ...user([image])];
    expect(all.renderChat(messages, {}, { imagePlaceholder })).toBe('(image 0)\n(image 1);(image 2);');
    expect(() => tokenizer.renderChat(user(parts))).toThrow(refusal('cannot see pictures'));
  });

  test('other fields of a message reach the template', () => {
    const tokenizer = withTemplate('{{ messages[0].reasoning_content }}');
    const message = { role: 'assistant', content: '', reasoning_content: 'because' } as const;
    expect(tokenizer.renderChat([message])).toBe('because');
  });
});

describe('the source of the template', () => {
  test('the file wins over tokenizer_config.json, there a string or the one named default', () => {
    const chat_template = [
      { name: 'tool_use', template: 'tools' },
      { name: 'default', template: 'listed' },
    ];
    expect(withTemplate('file', { chat_template: 'config' }).renderChat([])).toBe('file');
    expect(withTemplate(null, { chat_template: 'config' }).renderChat([])).toBe('config');
    expect(withTemplate(null, { chat_template }).renderChat([])).toBe('listed');
  });

  const conversation: ChatMessage[] = [
    { role: 'system', content: ' Be brief. ' },
    { role: 'user', content: ' a\n' },
    { role: 'assistant', content: 'b' },
    { role: 'user', content: 'c' },
  ];

  test('without any, MiniCPM marks the turns of the user', () => {
    const tokenizer = withTemplate(null);
    expect(tokenizer.renderChat(conversation)).toBe('Be brief.<用户>a<AI>b<用户>c<AI>');
    expect(tokenizer.turnMarkers).toEqual(['<用户>', '<AI>']);
    expect(tokenizer.endOfTurnTokenIds).toEqual([]);
  });

  test('without any, a vocabulary with ChatML tokens is spoken to in ChatML', () => {
    const record = miniTokenizer();
    record.tokenizer.added_tokens = ['<|im_start|>', '<|im_end|>'].map((content, i) => ({
      id: 300 + i,
      content,
      special: true,
    }));
    const tokenizer = new Tokenizer(record);
    expect(tokenizer.renderChat(user('hi'))).toBe('<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n');
    expect(tokenizer.renderChat(user('hi'), { add_generation_prompt: false })).toBe('<|im_start|>user\nhi<|im_end|>\n');
    expect(tokenizer.turnMarkers).toEqual([]);
    expect(tokenizer.endOfTurnTokenIds).toEqual([301]);
  });
});

describe('encodeChat', () => {
  test('there is one BOS, whether the template writes it or the tokenizer adds it', () => {
    const expected = withTemplate(null).encode('a');
    expect(withTemplate('{{ bos_token }}{{ messages[0].content }}').encodeChat(user('a'))).toEqual(expected);
    expect(withTemplate('{{ messages[0].content }}').encodeChat(user('a'))).toEqual(expected);
  });
});

describe('Jinja as Hugging Face runs it', () => {
  test('blocks take their line breaks and indentation with them', () => {
    expect(render('a\n  {% if true %}\nb\n  {% endif %}\nc')).toBe('a\nb\nc');
  });

  test('strip methods cut the given characters only, else what Python calls space', () => {
    const text = '\n\n  x \n';
    expect(render("[{{ text.lstrip('\n') }}]", { text })).toBe('[  x \n]');
    expect(render("[{{ text.rstrip('\n') }}]", { text })).toBe('[\n\n  x ]');
    expect(render("[{{ text.strip(' \n') }}]", { text })).toBe('[x]');
    expect(render('[{{ text.strip() }}]', { text })).toBe('[x]');
    expect(render('[{{ text.strip() }}]', { text: '\x85\uFEFF x\x1f' })).toBe('[\uFEFF x]');
    expect(render("{{ 'a,b,,'.rstrip(',').split(',') | length }}")).toBe('2');
  });

  test('range, namespace and loop controls', () => {
    expect(render('{% for i in range(3) %}{{ i }}{% endfor %}')).toBe('012');
    expect(render('{% for i in range(5, 0, -2) %}{{ i }}{% endfor %}')).toBe('531');
    expect(
      render(
        '{% set ns = namespace(n=0) %}{% for i in range(4) %}{% if i == 2 %}{% break %}{% endif %}{% set ns.n = i %}{% endfor %}{{ ns.n }}',
      ),
    ).toBe('1');
  });

  test('strftime_now writes the date', () => {
    expect(render("{{ strftime_now('%Y') }}")).toBe(String(new Date().getFullYear()));
    const date = new Date(2026, 0, 5, 15, 4, 9);
    expect(strftime(date, '%d %B %b %Y %y %m %A %a %H:%M:%S %I %p %% %q')).toBe(
      '05 January Jan 2026 26 01 Monday Mon 15:04:09 03 PM % %q',
    );
  });

  test('raise_exception is a refusal with its words', () => {
    expect(() => render("{{ raise_exception('roles must alternate') }}")).toThrow(refusal('roles must alternate'));
  });

  test('a template that fails is a refusal, one that is no Jinja is damage', () => {
    expect(() => render('{{ messages.strip() }}', { messages: [] })).toThrow(refusal('refuses'));
    expect(() => render('{% if %}')).toThrow(damage('chat template'));
    expect(() => render('{% for x in y %}')).toThrow(damage('chat template'));
  });
});

describe('hostile templates end', () => {
  test.each([
    ['a huge range', '{% for i in range(1000000000) %}x{% endfor %}'],
    ['nested loops', '{% for i in range(9999) %}{% for j in range(9999) %}{{ j }}{% endfor %}{% endfor %}'],
    [
      'a doubling string',
      "{% set ns = namespace(t='xxxxxxxx') %}{% for i in range(60) %}{% set ns.t = ns.t + ns.t %}{% endfor %}{{ ns.t }}",
    ],
    [
      'a doubling list',
      '{% set ns = namespace(t=[1, 2]) %}{% for i in range(60) %}{% set ns.t = ns.t + ns.t %}{% endfor %}',
    ],
    ['a wide indentation', "{{ 'a\nb' | indent(100000000) }}"],
    ['a macro that calls itself', '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}'],
  ])('%s', { timeout: 30_000 }, (_, source) => {
    expect(() => render(source)).toThrow(expect.objectContaining({ name: 'UnsupportedError' }));
  });

  test('few steps that take long', () => {
    const empty = '{% for j in r %}{% endfor %}';
    const program = parse(tokenize(`{% for i in r %}${empty}{% endfor %}`));
    const environment = new Environment();
    environment.set(
      'r',
      Array.from({ length: 10_000 }, (_, i) => i),
    );
    expect(() => new BoundedInterpreter(environment, 50).run(program)).toThrow('runs too long');
  });

  test.each([
    ['too long', 'x'.repeat(1024 * 1024 + 1)],
    ['too deep', '{{ ' + '('.repeat(20_000) + '1' + ')'.repeat(20_000) + ' }}'],
  ])('%s', (_, source) => {
    expect(() => render(source)).toThrow(damage('chat template'));
  });
});
