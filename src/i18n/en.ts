import { chat } from './en/chat';
import { device } from './en/device';
import { live } from './en/live';
import { models } from './en/models';
import { page } from './en/page';
import { settings } from './en/settings';

/** Every English text of the page. Words in braces are filled in by `fill`. */
export const en = { ...page, ...models, ...chat, ...device, ...live, ...settings };

export type Dictionary = typeof en;
