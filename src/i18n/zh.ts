import { chat } from './zh/chat';
import { device } from './zh/device';
import { live } from './zh/live';
import { models } from './zh/models';
import { page } from './zh/page';
import { settings } from './zh/settings';
import type { Dictionary } from './en';

/** Every Chinese text of the page. Words in braces are filled in by `fill`. */
export const zh: Dictionary = { ...page, ...models, ...chat, ...device, ...live, ...settings };
