import { engineError } from '../errors';
import { decodePicture } from '../image/decode';
import { HEADER_BYTES, readPictureHeader } from '../image/pictureHeader';
import { picturePlaceholder } from '../image/placeholders';
import { planSlices, tileSizes } from '../image/slicing';
import type { PictureInspection, PicturePlan } from '../protocol';
import type { Session } from './session';

/**
 * The ways in which the model of a session can cut a picture file, and what they cost. Throws UnsupportedError where the
 * model takes no pictures, and what decodePicture throws.
 */
export async function inspectPicture(session: Session, file: Blob): Promise<PictureInspection> {
  const { vision } = session.config;
  if (!vision) throw engineError('UnsupportedError', 'this model reads text only, it cannot see pictures');
  const picture = await decodePicture(file);
  const header = readPictureHeader(new Uint8Array(await file.slice(0, HEADER_BYTES).arrayBuffer()));
  const { width, height } = picture;
  picture.close();
  const plans: PicturePlan[] = [];
  for (let maxSlices = 1; maxSlices <= vision.image.maxSlices; maxSlices++) {
    const plan = planSlices({ width, height }, vision.image, maxSlices);
    const { columns, rows } = plan.slices ?? { columns: 1, rows: 1 };
    const last = plans.at(-1);
    if (last?.columns === columns && last.rows === rows) continue;
    const placeholder = picturePlaceholder(plan, 0, vision.image);
    const tokens = session.tokenizer.encode(placeholder, { addSpecialTokens: false }).length;
    plans.push({ maxSlices, columns, rows, tiles: tileSizes(plan).length, tokens });
  }
  const { tilesEncoded, encodeSeconds } = session.stats();
  return {
    type: header?.mimeType ?? file.type,
    width,
    height,
    plans,
    secondsPerTile: tilesEncoded > 0 ? encodeSeconds / tilesEncoded : null,
  };
}
