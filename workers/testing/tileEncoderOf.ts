import type { Backend } from '../ops/backend';
import type { EyesSource } from '../session/encoderOnDemand';
import { createTileEncoder, encoderSizes, type EncoderSizes } from '../session/eyes';
import type { Session } from '../session/session';
import type { TileEncoder } from '../session/tileEncoder';

/** An encoder of the eyes of a session beside the session's own, and the backend that it computes on. */
export async function tileEncoderOf(
  session: Session,
): Promise<{ encoder: TileEncoder; backend: Backend; sizes: EncoderSizes }> {
  const { backend, eyes } = (session as unknown as { parts: { backend: Backend; eyes: EyesSource } }).parts;
  const encoder = await createTileEncoder(backend, await eyes.open(backend, () => undefined));
  return { encoder, backend, sizes: encoderSizes(eyes.config, eyes.width) };
}
