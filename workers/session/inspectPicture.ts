import { engineError } from '../errors';
import { decodePicture } from '../image/decode';
import { HEADER_BYTES, readPictureHeader } from '../image/pictureHeader';
import { picturePlaceholder } from '../image/placeholders';
import { planSlices, tileSizes, type Size, type SlicePlan } from '../image/slicing';
import type { PictureInspection, PicturePlan } from '../protocol/pictures';
import type { Session } from './session';
import { mostPatches } from './eyes';

/**
 * The ways in which the model of a session can cut a picture file, and what they cost. Throws what decodePicture and
 * picturePlans throw.
 */
export async function inspectPicture(session: Session, file: Blob): Promise<PictureInspection> {
  const picture = await decodePicture(file);
  const { width, height } = picture;
  picture.close();
  const plans = picturePlans(session, { width, height });
  const header = readPictureHeader(new Uint8Array(await file.slice(0, HEADER_BYTES).arrayBuffer()));
  const { tilesEncoded, encodeSeconds } = session.stats();
  const secondsPerTile = tilesEncoded > 0 ? encodeSeconds / tilesEncoded : null;
  return { type: header?.mimeType ?? file.type, width, height, plans, secondsPerTile };
}

/**
 * The ways in which a picture of `size` can be cut, from the fewest tokens to what is done by default. Throws
 * UnsupportedError where the model takes no pictures, or none of this shape.
 */
export function picturePlans(session: Session, size: Size): PicturePlan[] {
  const { vision } = session.config;
  if (!vision) throw engineError('UnsupportedError', 'this model reads text only, it cannot see pictures');
  const { image } = vision;
  const most = mostPatches(vision);
  const fits = (plan: SlicePlan) =>
    tileSizes(plan).every(({ width, height }) => (width / image.patchSize) * (height / image.patchSize) <= most);
  if (!fits(planSlices(size, image))) {
    const message = `a picture of ${size.width} × ${size.height} pixels is too long and narrow for this model`;
    throw engineError('UnsupportedError', message);
  }
  const plans: PicturePlan[] = [];
  for (let maxSlices = 1; maxSlices <= image.maxSlices; maxSlices++) {
    const plan = planSlices(size, image, maxSlices);
    const { columns, rows } = plan.slices ?? { columns: 1, rows: 1 };
    const last = plans.at(-1);
    if ((last?.columns === columns && last.rows === rows) || !fits(plan)) continue;
    const placeholder = picturePlaceholder(plan, 0, image);
    const tokens = session.tokenizer.encode(placeholder, { addSpecialTokens: false }).length;
    plans.push({ maxSlices, columns, rows, tiles: tileSizes(plan).length, tokens });
  }
  return plans;
}
