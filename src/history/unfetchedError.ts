/** A part of the page could not be fetched: not the fault of what it was to work on. */
export class UnfetchedError extends Error {}
