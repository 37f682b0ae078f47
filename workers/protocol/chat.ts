export interface TextPart {
  type: 'text';
  text: string;
}

export interface ImagePart {
  type: 'image_url';
  image_url: {
    /** A data: or blob: address: nothing is fetched from a server. */
    url: string;
    /** 'low': the picture as a whole, for the fewest tokens. Default: 'auto', which is 'high'. */
    detail?: 'auto' | 'low' | 'high';
    /** The most slices, where they are to be fewer than the model takes; 1 means the picture as a whole. See PicturePlan. */
    max_slices?: number;
  };
}

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string | (TextPart | ImagePart)[];
  /** What an answer of the assistant was thought about; an answer without content goes on inside its thought. */
  reasoning_content?: string;
}

/** What becomes of a conversation that the context has no room for: it is refused, or its oldest turns are left out. */
export type ContextOverflow = 'stop' | 'drop_oldest';

export interface ChatInput {
  messages: ChatMessage[];
  templateOptions?: Record<string, unknown>;
  /** Default: 'stop'. */
  contextOverflow?: ContextOverflow;
  /** True where the last message is an answer that is to be written on. */
  continueFinalMessage?: boolean;
}
