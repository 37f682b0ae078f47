import { recallRecord, remember } from '../app/remembered';
import type { LicenceId } from './licences';

/** The day on which the licence was accepted on this device, '2026-11-25'; null where it was not. */
export function acceptedOn(licence: LicenceId): string | null {
  const day = recallRecord('acceptedLicences')[licence];
  return typeof day === 'string' ? day : null;
}

export function accept(licence: LicenceId): void {
  const day = new Date().toISOString().slice(0, 10);
  remember('acceptedLicences', JSON.stringify({ ...recallRecord('acceptedLicences'), [licence]: day }));
}
