import type { Io } from '../io/io.ts';
import type { ImageImporter } from '../model/image-importer.ts';
import type { InputReader } from '../model/input-reader.ts';
import type { Keychain } from '../model/keychain.ts';
import type { Workload } from '../model/workload.ts';

/** A kind of thing that can be deployed to. Light: the code behind `open` is loaded when it is called. */
export interface Target<Settings = unknown> {
  /** The action's inputs that only this target reads. */
  readonly inputs: readonly string[];
  parse(reader: InputReader): Settings;
  /** Finds the workload. @throws DeployError NOT_FOUND, UNSUPPORTED, AUTH_FAILED, … */
  open(settings: Settings, io: Io): Promise<OpenTarget>;
}

export interface OpenTarget {
  readonly workload: Workload;
  /** Credentials for this cloud's own registries. */
  readonly keychain: Keychain;
  /** Absent: its registries can't fetch an image themselves. */
  readonly importer?: ImageImporter;
}
