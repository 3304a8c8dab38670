import type { ImageReference } from './image.ts';
import type { RegistryCredentials } from './keychain.ts';

export interface ImportRequest {
  readonly source: ImageReference;
  readonly destination: { readonly registry: string; readonly repository: string; readonly tags: readonly string[] };
  /** For the source's registry; null: anyone may pull. */
  readonly credentials: RegistryCredentials | null;
}

/** Has a registry fetch an image itself, so that no byte of it goes through the runner. */
export interface ImageImporter {
  /** A registry that can do that, and a source that it can reach. */
  handles(request: Pick<ImportRequest, 'source' | 'destination'>): boolean;
  /** `why`: in words, where it can't be done; the caller copies it then. @throws the signal's reason only */
  tryImport(
    request: ImportRequest,
  ): Promise<{ readonly isDone: true } | { readonly isDone: false; readonly why: string }>;
}
