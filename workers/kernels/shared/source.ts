import type { WgslSource } from '../../gpu/kernel';

/** A shader, or a part of one, by the name that errors give it. */
export const source = (file: string, text: string): WgslSource => ({ file, text });
