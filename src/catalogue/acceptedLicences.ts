import { recall, remember } from '../app/remembered';
import type { LicenceId } from './licences';

/** Days on which licences were accepted on this device, '2026-11-25', by licence. */
type Accepted = Partial<Record<LicenceId, string>>;

/** The day on which the licence was accepted; null where it was not. */
export function acceptedOn(licence: LicenceId): string | null {
  return accepted()[licence] ?? null;
}

export function accept(licence: LicenceId): void {
  const day = new Date().toISOString().slice(0, 10);
  remember('acceptedLicences', JSON.stringify({ ...accepted(), [licence]: day }));
}

function accepted(): Accepted {
  try {
    const stored: unknown = JSON.parse(recall('acceptedLicences') ?? '{}');
    return typeof stored === 'object' && stored !== null ? stored : {};
  } catch {
    return {};
  }
}
