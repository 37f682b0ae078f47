import type { PicturePlan } from '../engine/api';

/** The way in which a picture is cut that may have so many slices; null for as many as the model takes. */
export function planFor(plans: readonly PicturePlan[], maxSlices: number | null): PicturePlan {
  const most = maxSlices ?? Infinity;
  return plans.findLast((plan) => plan.maxSlices <= most) ?? plans[0]!;
}

/** What asks for a plan: null for the one that a model takes by itself, whichever model that is. */
export function slicesOf(plans: readonly PicturePlan[], plan: PicturePlan): number | null {
  return plan === plans.at(-1) ? null : plan.maxSlices;
}

/** Lines between the parts of a picture, as an SVG path in a box of columns × rows. */
export function gridLines({ columns, rows }: Pick<PicturePlan, 'columns' | 'rows'>): string {
  const inner = (count: number) => Array.from({ length: count - 1 }, (_, i) => i + 1);
  return [...inner(columns).map((x) => `M${x} 0V${rows}`), ...inner(rows).map((y) => `M0 ${y}H${columns}`)].join('');
}
