export type Currency = 'CNY' | 'USD';

/** What running this device costs; null for what is not known. Money is in one currency. */
export interface RunningCosts {
  /** What the device draws while it writes, in watts. */
  watts: number | null;
  /** Price of a kilowatt-hour. */
  kilowattHourPrice: number | null;
  devicePrice: number | null;
  lifetimeYears: number | null;
  /** How long it writes on a day, on average. */
  hoursPerDay: number | null;
}

const DAYS_PER_YEAR = 365;
const SECONDS_PER_HOUR = 3600;

/** Money for the energy of an hour of writing: kilowatts times the price of a kilowatt-hour. Null where either is not known. */
export function energyPerHour({ watts, kilowattHourPrice }: RunningCosts): number | null {
  return watts === null || kilowattHourPrice === null ? null : (watts / 1000) * kilowattHourPrice;
}

/**
 * Money for the wear of an hour of writing: the price of the device, spread evenly over the hours that it writes in its life.
 * Null where one of them is not known, or where there are no such hours.
 */
export function wearPerHour({ devicePrice, lifetimeYears, hoursPerDay }: RunningCosts): number | null {
  if (devicePrice === null || lifetimeYears === null || hoursPerDay === null) return null;
  const hours = lifetimeYears * DAYS_PER_YEAR * hoursPerDay;
  return hours > 0 ? devicePrice / hours : null;
}

/** Tokens that one unit of money pays for at a speed; null where they cost nothing that is known of. */
export function tokensPerUnit(tokensPerSecond: number | null, costs: RunningCosts): number | null {
  const perHour = (energyPerHour(costs) ?? 0) + (wearPerHour(costs) ?? 0);
  return tokensPerSecond === null || perHour <= 0 ? null : (tokensPerSecond * SECONDS_PER_HOUR) / perHour;
}

/** Tokens that one unit of money pays for where a million of them has this price. */
export function tokensPerUnitAt(millionPrice: number | null): number | null {
  return millionPrice === null || millionPrice <= 0 ? null : 1e6 / millionPrice;
}

/** Tokens per unit of `to` for tokens per unit of `from`; null where the rate between them is needed and not known. */
export function converted(
  perUnit: number | null,
  from: Currency,
  to: Currency,
  yuanPerDollar: number | null,
): number | null {
  if (perUnit === null || from === to) return perUnit;
  if (yuanPerDollar === null || yuanPerDollar <= 0) return null;
  return from === 'CNY' ? perUnit * yuanPerDollar : perUnit / yuanPerDollar;
}
