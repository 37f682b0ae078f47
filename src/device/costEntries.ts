import type { Currency, RunningCosts } from './cost';

/** What someone else asks for tokens. */
export interface ServicePrice {
  name: string;
  /** For a million written tokens. */
  millionPrice: number | null;
  currency: Currency;
}

/** What a person has entered about costs; null and empty where nothing was. */
export interface CostEntries extends RunningCosts {
  /** Of the prices of energy and device. */
  currency: Currency;
  /** Where it is not to be the measured one. */
  tokensPerSecond: number | null;
  yuanPerDollar: number | null;
  services: ServicePrice[];
}

const NUMBERS = [
  'watts',
  'kilowattHourPrice',
  'devicePrice',
  'lifetimeYears',
  'hoursPerDay',
  'tokensPerSecond',
  'yuanPerDollar',
] as const;

/** What was kept, as far as it can be read; without anything, an empty form in `currency`. */
export function readEntries(json: string | null, currency: Currency): CostEntries {
  const kept = fieldsOf(parsed(json));
  const numbers = Object.fromEntries(NUMBERS.map((name) => [name, amount(kept[name])])) as Record<
    (typeof NUMBERS)[number],
    number | null
  >;
  const services = Array.isArray(kept.services) ? kept.services.map((one) => readService(fieldsOf(one), currency)) : [];
  return { ...numbers, currency: readCurrency(kept.currency, currency), services };
}

function readService({ name, millionPrice, currency }: Record<string, unknown>, usual: Currency): ServicePrice {
  return {
    name: typeof name === 'string' ? name : '',
    millionPrice: amount(millionPrice),
    currency: readCurrency(currency, usual),
  };
}

function readCurrency(value: unknown, usual: Currency): Currency {
  return value === 'CNY' || value === 'USD' ? value : usual;
}

function amount(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
}

function parsed(json: string | null): unknown {
  try {
    return JSON.parse(json ?? 'null');
  } catch {
    return null;
  }
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
