/** A picture that a message shows, or a draft. Its bytes are kept apart, under its id. */
export interface Picture {
  /** Unique among the pictures of all conversations. */
  id: string;
  /** Of its file. */
  name: string;
  /** MIME type. */
  type: string;
  /** Upright, in pixels. */
  width: number;
  height: number;
  /** The most slices that a model is to look at; null for as many as it takes. */
  maxSlices: number | null;
}

/** Bytes of pictures by id. */
export type PictureBytes = ReadonlyMap<string, ArrayBuffer>;

/** What the engine reads. None of these can bring a script along, whatever a file of conversations says of itself. */
export const PICTURE_TYPES: readonly string[] = ['jpeg', 'png', 'gif', 'webp', 'bmp', 'avif', 'heic'].map(
  (format) => `image/${format}`,
);
