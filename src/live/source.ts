export type SourceKind = 'camera' | 'screen' | 'file';
export type Facing = 'environment' | 'user';

/** Why there is nothing to watch. */
export type SourceProblem = 'insecure' | 'refused' | 'none' | 'busy' | 'unplayable' | 'ended' | 'over' | 'unknown';

/** Something to watch. */
export interface Source {
  kind: SourceKind;
  /** Live pictures, or null for a file. */
  stream: MediaStream | null;
  /** A `blob:` address of a file, or null. */
  url: string | null;
  /** Which way a camera looks, where it tells. */
  facing: Facing | null;
  /** The camera that it is; '' for others. */
  deviceId: string;
  close(): void;
}

/** Whether the browser can show the page a screen. */
export function canShareScreen(): boolean {
  return 'getDisplayMedia' in (navigator.mediaDevices ?? {});
}

/** Opens a camera: the one named by `deviceId`, else one that looks in the wanted direction, if there is one. */
export async function openCamera(wanted: { facing: Facing } | { deviceId: string }): Promise<Source> {
  const choice = 'facing' in wanted ? { facingMode: wanted.facing } : { deviceId: { exact: wanted.deviceId } };
  const stream = await mediaDevices().getUserMedia({ video: { ...choice, width: { ideal: 1280 } }, audio: false });
  return streamSource('camera', stream);
}

/** The ids of all cameras; behind a permission only. */
export async function cameraIds(): Promise<string[]> {
  const devices = await mediaDevices().enumerateDevices();
  return devices.filter(({ kind }) => kind === 'videoinput').map(({ deviceId }) => deviceId);
}

/** Asks for a screen or a window. Null where the person chose none. */
export async function openScreen(): Promise<Source | null> {
  try {
    return streamSource('screen', await mediaDevices().getDisplayMedia({ video: true, audio: false }));
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotAllowedError') return null;
    throw error;
  }
}

export function openFile(file: File): Source {
  const url = URL.createObjectURL(file);
  return { kind: 'file', stream: null, url, facing: null, deviceId: '', close: () => URL.revokeObjectURL(url) };
}

/** The problem behind an error of the functions above. */
export function problemOf(error: unknown): SourceProblem {
  const name = error instanceof Error ? error.name : '';
  if (name === 'NotAllowedError') return 'refused';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'none';
  if (name === 'NotReadableError') return 'busy';
  return name === INSECURE ? 'insecure' : 'unknown';
}

const INSECURE = 'InsecureError';

/** Browsers offer none to pages that came neither by https nor from this device. */
function mediaDevices(): MediaDevices {
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (!devices) throw Object.assign(new Error('the page has no access to cameras'), { name: INSECURE });
  return devices;
}

function streamSource(kind: SourceKind, stream: MediaStream): Source {
  const { facingMode, deviceId = '' } = stream.getVideoTracks()[0]?.getSettings() ?? {};
  const facing = facingMode === 'user' || facingMode === 'environment' ? facingMode : null;
  const close = () => stream.getTracks().forEach((track) => track.stop());
  return { kind, stream, url: null, facing, deviceId, close };
}
