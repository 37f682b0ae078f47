import type { CatalogueModel, Variant } from './entry';
import { judge, USUAL_CONTEXT, type DeviceRoom, type Verdict } from './fit';

/** A model with the checkpoint that suits a device best. */
export interface Offer {
  model: CatalogueModel;
  variant: Variant;
  /** At the usual context. */
  verdict: Verdict;
  isRecommended: boolean;
}

/** Without a GPU, every further byte of weights is a further wait. */
const MOST_WITHOUT_GPU = 400e6;

/**
 * The models in the order in which to offer them: the one to recommend for this device, the one of those that see, then the
 * others as they are listed, and last what does not fit.
 * Of each model its first checkpoint that fits, be it with a shorter context; where none does, one that may, or the first.
 */
export function offersFor(models: readonly CatalogueModel[], room: DeviceRoom): Offer[] {
  const offers = models.map((model) => ({ model, ...bestVariant(model, room) }));
  const isFast = ({ variant }: (typeof offers)[number]) => !room.isSlow || variant.storedBytes <= MOST_WITHOUT_GPU;
  const suitable = offers.filter((offer) => offer.verdict.kind === 'fits' && isFast(offer));
  const best = new Set(
    [suitable[0], suitable.find(({ model }) => model.vision)].filter((offer) => offer !== undefined),
  );
  const others = offers.filter((offer) => !best.has(offer));
  const [misfits, possible] = [others.filter(isMisfit), others.filter((offer) => !isMisfit(offer))];
  return [...best, ...possible, ...misfits].map((offer) => ({
    ...offer,
    isRecommended: best.has(offer),
  }));
}

/** Whether the device has no room for a model: it is told of, not offered. */
export function isMisfit({ verdict }: Pick<Offer, 'verdict'>): boolean {
  return verdict.kind === 'no-storage' || verdict.kind === 'no-memory';
}

function bestVariant(model: CatalogueModel, room: DeviceRoom): Pick<Offer, 'variant' | 'verdict'> {
  const judged = model.variants.map((variant) => ({ variant, verdict: judgeVariant(model, variant, room) }));
  const first = (...kinds: Verdict['kind'][]) => judged.find(({ verdict }) => kinds.includes(verdict.kind));
  return first('fits', 'tight') ?? first('unsure') ?? judged[0]!;
}

/** Whether a checkpoint fits the device, by default at the usual context. */
export function judgeVariant(
  { shape, maxContext }: CatalogueModel,
  { storedBytes }: Variant,
  room: DeviceRoom,
  contextLength = USUAL_CONTEXT,
): Verdict {
  return judge({ shape, maxContext, storedBytes }, contextLength, room);
}
