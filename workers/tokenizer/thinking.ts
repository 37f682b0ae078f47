import type { TokenizerRecord } from '../checkpoint/manifest';
import type { ChatMessage } from '../protocol/chat';
import type { ThinkingSupport } from '../protocol/model';
import { ChatTemplate, plainMessages } from './chatTemplate';
import { chatTemplateOf } from './chatTemplateSource';

const QUESTION: ChatMessage = { role: 'user', content: '?' };

/** What a chat template does with `enable_thinking`; null where it does nothing, and where it refuses a plain question. */
export function thinkingOf(record: TokenizerRecord): ThinkingSupport | null {
  try {
    const template = new ChatTemplate(chatTemplateOf(record));
    const [on, off] = [true, false].map((enable_thinking) =>
      template.render({
        messages: plainMessages([QUESTION], null),
        add_generation_prompt: true,
        bos_token: '',
        eos_token: '',
        enable_thinking,
      }),
    ) as [string, string];
    const support = { canSwitch: on !== off, opensWith: opensThought(on), opensWithout: opensThought(off) };
    return support.canSwitch || support.opensWith ? support : null;
  } catch {
    return null;
  }
}

/** True for a prompt behind which a thought goes on. */
export function opensThought(prompt: string): boolean {
  return prompt.trimEnd().endsWith('<think>');
}
