import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { miniTokenizer } from '../testing/miniTokenizer';
import { thinkingOf } from './thinking';

const withTemplate = (chatTemplate: string | null) => thinkingOf({ ...miniTokenizer(), chatTemplate });

test('a template without a switch does not think', () => {
  expect(withTemplate(null)).toBeNull();
  expect(withTemplate('{{ messages[0].content }}')).toBeNull();
});

test('a switch is found by what it does to the prompt', () => {
  const opening = '{% if enable_thinking is false %}<think>\n\n</think>\n\n{% else %}<think>\n{% endif %}';
  expect(withTemplate(opening)).toEqual({ canSwitch: true, opensWith: true, opensWithout: false });
  const closing = '{% if enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}';
  expect(withTemplate(closing)).toEqual({ canSwitch: true, opensWith: false, opensWithout: false });
  expect(withTemplate('<think>\n')).toEqual({ canSwitch: false, opensWith: true, opensWithout: true });
});

test('a template that refuses is no reason to refuse the model', () => {
  expect(withTemplate("{{ raise_exception('no') }}")).toBeNull();
  expect(withTemplate('{% if %}')).toBeNull();
});

const TEMPLATES = '../shared/oracle/tokenizers';

test.skipIf(!existsSync(TEMPLATES)).each(['minicpm5-1b', 'minicpm-v-4.6'])('%s thinks when asked to', (name) => {
  const template = readFileSync(`${TEMPLATES}/${name}/chat_template.jinja`, 'utf8');
  expect(withTemplate(template)).toEqual({ canSwitch: true, opensWith: true, opensWithout: false });
});
