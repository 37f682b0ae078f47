/** One metadata value. 64-bit integers become the nearest number. */
export type GgufValue = string | number | boolean | string[] | number[] | boolean[];

/** Metadata of a GGUF file by key. */
export type GgufMetadata = Map<string, GgufValue>;
