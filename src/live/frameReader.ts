import type { Thumbnail } from './entry';
import { GRID_SIDE, lumaOf, type Luma } from './sceneChange';

/**
 * Pixels of a frame as it is looked at: the area that the vision towers take in one piece, so that it is not cut into
 * slices, which would take several times as long.
 */
const FRAME_AREA = 448 ** 2;
const THUMBNAIL_HEIGHT = 72;
const JPEG_QUALITY = 0.92;

/** One frame of a video. */
export interface Frame {
  /** A `blob:` address of the picture, to be revoked by who has asked for it. */
  url: string;
  thumbnail: Thumbnail;
}

/** Reads frames of a video element. Null or a rejection where it shows nothing yet. */
export class FrameReader {
  readonly #video: HTMLVideoElement;
  readonly #grid = document.createElement('canvas');
  readonly #canvas = document.createElement('canvas');

  constructor(video: HTMLVideoElement) {
    this.#video = video;
  }

  /** Seconds from the beginning of the video. */
  get position(): number {
    return this.#video.currentTime;
  }

  luma(): Luma | null {
    if (!this.#isShowing) return null;
    const context = this.#draw(this.#grid, GRID_SIDE, GRID_SIDE, true);
    return lumaOf(context.getImageData(0, 0, GRID_SIDE, GRID_SIDE).data);
  }

  async frame(): Promise<Frame> {
    if (!this.#isShowing) throw new Error('the video shows no picture');
    const { videoWidth, videoHeight } = this.#video;
    const scale = Math.min(1, Math.sqrt(FRAME_AREA / (videoWidth * videoHeight)));
    const width = Math.max(1, Math.floor(videoWidth * scale));
    const height = Math.max(1, Math.floor(videoHeight * scale));
    this.#draw(this.#canvas, width, height);
    const blob = await new Promise<Blob | null>((resolve) => this.#canvas.toBlob(resolve, 'image/jpeg', JPEG_QUALITY));
    if (!blob) throw new Error('the browser could not write the picture');
    const small = { width: Math.max(1, Math.round((THUMBNAIL_HEIGHT * width) / height)), height: THUMBNAIL_HEIGHT };
    this.#draw(this.#canvas, small.width, small.height);
    return { url: URL.createObjectURL(blob), thumbnail: { url: this.#canvas.toDataURL('image/jpeg'), ...small } };
  }

  get #isShowing(): boolean {
    return this.#video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && this.#video.videoWidth > 0;
  }

  #draw(canvas: HTMLCanvasElement, width: number, height: number, willReadFrequently = false) {
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext('2d', { willReadFrequently });
    if (!context) throw new Error('the browser offers no canvas');
    context.imageSmoothingQuality = 'high';
    context.drawImage(this.#video, 0, 0, width, height);
    return context;
  }
}
