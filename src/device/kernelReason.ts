import { fill } from '../i18n/fill';
import type { KernelReport } from '../../workers/protocol/kernels';

/**
 * Why a kernel variant is not used, by the `sentences` of a language. A report that was remembered by another version of the
 * page may have a code that they do not have: it says it in English.
 */
export function kernelReason({ because, reason = '' }: KernelReport, sentences: Record<string, string>): string {
  const sentence = because && sentences[because.code];
  return sentence === undefined ? reason : fill(sentence, { names: because?.names ?? '' });
}
