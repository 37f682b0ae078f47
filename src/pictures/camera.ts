/** Why there is no camera; each has a sentence in the dictionaries. */
export type CameraProblem = 'refused' | 'none' | 'busy';

/** Which way a camera looks: at the world or at the reader. */
export type Facing = 'environment' | 'user';

/** Names the error of a page that came neither by https nor from this device: browsers offer it no cameras. */
export const INSECURE = 'InsecureError';

/**
 * Opens a camera: the one named by `deviceId`, else one that looks in the wanted direction, if there is one. Rejects with
 * what `cameraProblem` reads, or an error named INSECURE.
 */
export async function openCamera(
  wanted: { facing: Facing } | { deviceId: string },
  size: Pick<MediaTrackConstraints, 'width' | 'height'>,
): Promise<MediaStream> {
  const choice = 'facing' in wanted ? { facingMode: wanted.facing } : { deviceId: { exact: wanted.deviceId } };
  return mediaDevices().getUserMedia({ video: { ...choice, ...size }, audio: false });
}

/** The problem behind an error of a camera or a screen that was to be opened; null for any other. */
export function cameraProblem(error: unknown): CameraProblem | null {
  const name = error instanceof Error ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'refused';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'none';
  return name === 'NotReadableError' ? 'busy' : null;
}

/** Ends what was opened. */
export function closeStream(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** The ids of all cameras. Browsers tell only after one was allowed. */
export async function cameraIds(): Promise<string[]> {
  const devices = await mediaDevices().enumerateDevices();
  return devices.filter(({ kind }) => kind === 'videoinput').map(({ deviceId }) => deviceId);
}

/** What a video shows at the moment, as a JPEG file. */
export async function photoOf(video: HTMLVideoElement, name: string): Promise<File> {
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  canvas.getContext('2d')!.drawImage(video, 0, 0);
  const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.95 });
  return new File([blob], `${name}.jpg`, { type: blob.type });
}

/** Throws an error named INSECURE where the page may use none. */
export function mediaDevices(): MediaDevices {
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (!devices) throw Object.assign(new Error('the page has no access to cameras'), { name: INSECURE });
  return devices;
}
