import type { KernelReasonCode, KernelReport } from '../protocol/kernels';

/** What is said of a kernel variant, which is the subject of the sentence. */
const SENTENCES: Record<KernelReasonCode, string> = {
  'missing-features': 'needs {names}',
  'no-form': 'has no form for {names} weights',
  'software-adapter': 'is not worth a trial on a software adapter',
  slower: '{names} is preferred: faster',
  'hardly-faster': '{names} is preferred: nearly as fast and more exact',
  'not-asked-for': '{names} was asked for',
  'too-large': 'does not compile at the size of this model',
  'device-lost': 'the device was lost while kernels were tried out, or a model was loaded with them',
  untried: 'tried out when a model is loaded',
  'no-time': 'is tried out at the next load: this one had no time or memory left for it',
  'given-up': 'could not be tried out for want of time or memory at the last {names} loads',
  'failed-trial': '{names}',
};

/** The part of a report that says why a kernel is not used, in plain English and for translation. */
export function because(code: KernelReasonCode, names = ''): Pick<KernelReport, 'reason' | 'because'> {
  return { reason: SENTENCES[code].replace('{names}', () => names), because: { code, names } };
}
