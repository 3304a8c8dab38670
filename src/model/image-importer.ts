import type { ImageReference } from './image.ts';
import type { RegistryCredentials } from './keychain.ts';

export interface ImportWish {
  readonly source: ImageReference;
  readonly destination: { readonly registry: string; readonly repository: string; readonly tags: readonly string[] };
  /** For the source's registry; null: anybody may pull. */
  readonly credentials: RegistryCredentials | null;
}

/** Has a registry fetch an image itself, so that no byte of it goes through the runner. */
export interface ImageImporter {
  /** A registry that can be asked for that, and a source that it can reach. */
  handles(wish: Pick<ImportWish, 'source' | 'destination'>): boolean;
  /** `why`: in words, where it can't be done; whoever asks copies it then. @throws the signal's reason only */
  tryImport(wish: ImportWish): Promise<{ readonly isDone: true } | { readonly isDone: false; readonly why: string }>;
}
