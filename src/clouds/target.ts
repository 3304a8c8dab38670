import type { CancellableIo } from '../io/io.ts';
import type { ImageImporter } from '../model/image-importer.ts';
import type { InputReader } from '../model/input-reader.ts';
import type { Keychain } from '../model/keychain.ts';
import type { Workload } from '../model/workload.ts';

/** A kind of thing that can be deployed to. Light: the code behind what `parse` returns is loaded when that is called. */
export interface Target {
  /** The action's inputs that only this target reads. */
  readonly inputs: readonly string[];
  /** True: its workloads have `inside`, so smoke tests may have `in-cluster: true`. */
  readonly hasInside?: boolean;
  /** Reads and checks its inputs; nothing is sent. */
  parse(reader: InputReader): OpenWorkload;
}

/** Finds the workload. @throws DeployError NOT_FOUND, UNSUPPORTED, AUTH_FAILED, … */
export type OpenWorkload = (context: CloudContext) => Promise<Workload>;

/** What a run gives to the clouds that it opens. */
export interface CloudContext extends CancellableIo {
  readonly logins: SharedLogins;
}

/** A kind of registry that belongs to a cloud. Any target can use any of them. Light, as `Target`. */
export interface CloudRegistry {
  /** The action's inputs that its login reads. */
  readonly inputs: readonly string[];
  handles(host: string): boolean;
  /** Reads and checks its inputs; nothing is sent. */
  parse(reader: InputReader): OpenRegistry;
}

export type OpenRegistry = (context: CloudContext) => RegistryAccess;

export interface RegistryAccess {
  /** Credentials for registries of this kind. */
  readonly keychain: Keychain;
  /** Absent: they can't fetch an image themselves. */
  readonly importer?: ImageImporter;
}

/** What a run has logged in to, so that a workload and a registry of one cloud share a login. */
export interface SharedLogins {
  /** What `open` returned when it was called first with this key: the cloud and everything that tells two logins apart. */
  shared<T>(key: string, open: () => T): T;
}

export function openSharedLogins(): SharedLogins {
  const opened = new Map<string, unknown>();
  // A login that failed may work when it is needed again.
  const keep = (key: string, login: unknown): unknown => {
    if (login instanceof Promise) login.catch(() => opened.delete(key));
    return login;
  };
  return {
    shared<T>(key: string, open: () => T): T {
      if (!opened.has(key)) opened.set(key, keep(key, open()));
      return opened.get(key) as T;
    },
  };
}
