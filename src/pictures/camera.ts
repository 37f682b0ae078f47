/** Why there is no camera; each has a sentence in the dictionaries. */
export type CameraProblem = 'refused' | 'none' | 'busy';

/** Which way a camera looks: at the world or at the reader. */
export type Facing = 'environment' | 'user';

/** Opens a camera, preferably one that looks that way. Rejects with what `cameraProblem` reads. */
export function openCamera(facing: Facing): Promise<MediaStream> {
  const sides = { width: { ideal: 1920 }, height: { ideal: 1080 } };
  return navigator.mediaDevices.getUserMedia({ video: { facingMode: facing, ...sides }, audio: false });
}

export function cameraProblem(error: unknown): CameraProblem {
  const name = error instanceof Error ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'refused';
  return name === 'NotFoundError' || name === 'OverconstrainedError' ? 'none' : 'busy';
}

export function closeCamera(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** Whether there is another camera to turn to. Browsers tell only after one was allowed. */
export async function hasSeveralCameras(): Promise<boolean> {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter(({ kind }) => kind === 'videoinput').length > 1;
}

/** What a video shows at the moment, as a JPEG file. */
export async function photoOf(video: HTMLVideoElement, name: string): Promise<File> {
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  canvas.getContext('2d')!.drawImage(video, 0, 0);
  const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.95 });
  return new File([blob], `${name}.jpg`, { type: blob.type });
}
