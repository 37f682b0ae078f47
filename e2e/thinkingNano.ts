import { readFileSync } from 'node:fs';
import { NANO } from './nanoFiles';

/**
 * The demo model as one that thinks: its equals sign is spelled `</think>`, its colon is `<think>`, and its template has the
 * switch. Asked for 27 + 15 it thinks "27+15" and answers "42".
 */
export function thinkingNano(): { name: string; mimeType: string; buffer: Buffer }[] {
  const tokenizer = JSON.parse(readFileSync(`${NANO}/tokenizer.json`, 'utf8'));
  const { vocab } = tokenizer.model as { vocab: Record<string, number> };
  for (const [piece, mark] of [
    ['=', '</think>'],
    ['：', '<think>'],
  ] as const) {
    const id = vocab[piece]!;
    Reflect.deleteProperty(vocab, piece);
    vocab[mark] = id;
    tokenizer.added_tokens.push({ ...tokenizer.added_tokens[0], id, content: mark, special: false });
  }
  const config = JSON.parse(readFileSync(`${NANO}/tokenizer_config.json`, 'utf8'));
  config.chat_template += '{% if enable_thinking %}<think>{% endif %}';
  const plain = ['config.json', 'generation_config.json', 'model.safetensors'].map((name) => ({
    name,
    buffer: readFileSync(`${NANO}/${name}`),
  }));
  const changed = Object.entries({ 'tokenizer.json': tokenizer, 'tokenizer_config.json': config });
  const written = changed.map(([name, value]) => ({ name, buffer: Buffer.from(JSON.stringify(value)) }));
  return [...plain, ...written].map((file) => ({ ...file, mimeType: 'application/octet-stream' }));
}
