import { cameraProblem, closeStream, INSECURE, mediaDevices, openCamera, type Facing } from '../pictures/camera';

export type SourceKind = 'camera' | 'screen' | 'file';

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

/** Watches through a camera. Rejects with what `openCamera` rejects with. */
export async function watchCamera(wanted: { facing: Facing } | { deviceId: string }): Promise<Source> {
  return streamSource('camera', await openCamera(wanted, { width: { ideal: 1280 } }));
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
  if (error instanceof Error && error.name === INSECURE) return 'insecure';
  return cameraProblem(error) ?? 'unknown';
}

function streamSource(kind: SourceKind, stream: MediaStream): Source {
  const { facingMode, deviceId = '' } = stream.getVideoTracks()[0]?.getSettings() ?? {};
  const facing = facingMode === 'user' || facingMode === 'environment' ? facingMode : null;
  return { kind, stream, url: null, facing, deviceId, close: () => closeStream(stream) };
}
