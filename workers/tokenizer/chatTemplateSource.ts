import type { TokenizerRecord } from '../checkpoint/manifest';

/** MiniCPM 1B and 2B: only the user's turns are marked, nothing stands between turns. */
const MINICPM_TEMPLATE =
  "{% for message in messages %}{% set text = message.content | trim %}{% if message.role == 'user' %}<用户>{{ text }}<AI>{% else %}{{ text }}{% endif %}{% endfor %}";

/** What ends a turn in ChatML. */
export const CHATML_END = '<|im_end|>';

/** ChatML without a default system prompt, for vocabularies that have its two markers. */
const CHATML_TEMPLATE =
  "{% for message in messages %}{{ '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

/** What starts a turn in templates of models whose markers are ordinary text. */
const TEXT_TURN_MARKERS = ['<用户>', '<AI>'];

/**
 * The Jinja source of the chat template: chat_template.jinja (or the GGUF's key), else tokenizer_config.json's
 * `chat_template` (a string, or a list of named ones of which `default` counts), else the family's own convention.
 */
export function chatTemplateOf(record: TokenizerRecord): string {
  const source = record.chatTemplate ?? templateOf(record.config);
  if (source !== null) return source;
  return hasChatMlTokens(record.tokenizer.added_tokens) ? CHATML_TEMPLATE : MINICPM_TEMPLATE;
}

/** The turn markers of MiniCPM 1B and 2B that occur in this template. */
export function textTurnMarkers(template: string): string[] {
  return TEXT_TURN_MARKERS.filter((marker) => template.includes(marker));
}

/** The `chat_template` of a JSON file, null where it has none. */
export function templateOf({ chat_template: value }: Record<string, unknown>): string | null {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return null;
  const templates = value.filter(isNamedTemplate);
  return (templates.find(({ name }) => name === 'default') ?? templates[0])?.template ?? null;
}

function isNamedTemplate(value: unknown): value is { name: unknown; template: string } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    'template' in value &&
    typeof value.template === 'string'
  );
}

function hasChatMlTokens(addedTokens: unknown): boolean {
  if (!Array.isArray(addedTokens)) return false;
  const contents = new Set(addedTokens.map((token: { content?: unknown } | null) => token?.content));
  return contents.has('<|im_start|>') && contents.has(CHATML_END);
}
