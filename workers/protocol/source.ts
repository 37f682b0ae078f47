export type ModelSource =
  | {
      kind: 'files';
      files: File[];
      /** What the folder is called that they come from. Default: what the browser says of files picked as a folder. */
      folder?: string;
    }
  | { kind: 'url'; urls: string[] }
  | {
      kind: 'hub';
      repo: string;
      /** Branch, tag or commit. Default: the hub's main branch. Whatever it is, it is pinned to a commit at import. */
      revision?: string;
      files?: string[];
      /** Where the repository is. Default: Hugging Face. Of several hubs, the first to answer is taken. */
      hub?: string | Hub | (string | Hub)[];
    }
  | { kind: 'bundled'; name: string };

/** A site of repositories. A plain string in its place is its `url`. */
export interface Hub {
  /** Base URL, such as https://huggingface.co, https://hf-mirror.com or https://modelscope.cn. */
  url: string;
  /** The shape of its URLs. Default: ModelScope's at its own addresses, Hugging Face's everywhere else. */
  shape?: 'hugging-face' | 'modelscope';
  /** The repository's name on this hub, where it has another one there. */
  repo?: string;
  /** For repositories that need one. Sent to the origin of `url` alone, and kept nowhere. */
  token?: string;
}

/** What was imported from where; `location` is a folder, file names, a URL or a repository. */
export interface SourceInfo {
  kind: ModelSource['kind'];
  location: string;
  /** The commit, where the hub tells it; else the revision that was asked for. */
  revision?: string;
  /** The revision that was asked for, where that was not the commit itself. */
  branch?: string;
  /** Of a hub: what names it in a ModelSource, without its token. */
  hub?: Hub;
  /** Of a hub: the files that were asked for. */
  files?: string[];
  /** The addresses, without queries: those may hold secrets. */
  urls?: string[];
  /**
   * True where every file of weights had the SHA-256 that the hub states; false where it states none, or where a part of
   * a file was not needed and never fetched.
   */
  isVerified?: boolean;
}
