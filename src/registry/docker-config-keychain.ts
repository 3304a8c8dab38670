import path from 'node:path';
import * as z from 'zod';
import type { Exec } from '../io/exec.ts';
import type { Log } from '../io/log.ts';
import { DeployError } from '../model/errors.ts';
import { tryParseJson } from '../model/json.ts';
import { IDENTITY_TOKEN_USER, type Keychain, type RegistryCredentials } from '../model/keychain.ts';
import { askCredentialHelper } from './credential-helper.ts';
import { isDockerHub } from './registry-address.ts';

export interface DockerConfigOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly exec: Exec;
  /** The file's text; rejects with code ENOENT when there is none. */
  readonly readFile: (path: string) => Promise<string>;
  readonly log?: Log;
}

const entry = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
});
const config = z.object({
  auths: z.record(z.string(), entry).optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  credsStore: z.string().optional(),
});
type Config = z.infer<typeof config>;

const DOCKER_HUB_KEY = 'https://index.docker.io/v1/';

/**
 * The logins that docker keeps in `config.json`, as docker/login-action leaves them: written down, in a credential
 * store, or given by a helper for the host. https://docs.docker.com/reference/cli/docker/login/#credential-stores
 * @throws DeployError INPUT_INVALID for a broken file, AUTH_FAILED for a broken helper.
 */
export function dockerConfigKeychain(options: DockerConfigOptions): Keychain {
  let reading: Promise<Config | null> | null = null;
  return {
    label: 'the docker login',
    async resolve(registry) {
      reading ??= readConfig(options);
      const found = await reading;
      const credentials = found && (await findCredentials(found, registry, options));
      if (credentials) options.log?.mask(credentials.password);
      return credentials;
    },
  };
}

async function readConfig({ env, readFile }: DockerConfigOptions): Promise<Config | null> {
  const home = env['HOME'] ?? env['USERPROFILE'];
  const folder = env['DOCKER_CONFIG'] || (home ? path.join(home, '.docker') : null);
  if (folder === null) return null;
  const file = path.join(folder, 'config.json');
  let text = '';
  try {
    text = await readFile(file);
  } catch (error) {
    const { code = 'it could not be opened' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ENOTDIR'].includes(code)) return null;
    throw unreadable(file, code);
  }
  const json = tryParseJson(text);
  if (json === undefined) throw unreadable(file, 'it is not JSON');
  const { data, error } = config.safeParse(json);
  if (data) return data;
  throw unreadable(file, `${error.issues[0]?.path[0]?.toString() ?? 'it'} does not have the form that docker writes`);
}

/** No cause: a parser's message quotes the text, and with it a password. */
function unreadable(file: string, why: string): DeployError {
  return new DeployError('INPUT_INVALID', `could not read the registry logins in ${file}: ${why}`, {
    hint: 'Log in again (docker/login-action), or remove the file.',
  });
}

async function findCredentials(
  found: Config,
  registry: string,
  options: DockerConfigOptions,
): Promise<RegistryCredentials | null> {
  const key = isDockerHub(registry) ? DOCKER_HUB_KEY : registry;
  const helper = Object.entries(found.credHelpers ?? {}).find(([host]) => matches(host, registry))?.[1];
  const program = helper ?? found.credsStore;
  const fromHelper = program ? await askCredentialHelper(options.exec, program, key) : null;
  if (fromHelper) return fromHelper;
  const entries = Object.entries(found.auths ?? {}).filter(([host]) => matches(host, registry));
  for (const [host, written] of entries) {
    const credentials = parseEntry(host, written);
    if (credentials) return credentials;
  }
  return null;
}

/** Keys are hosts, with or without a scheme and the API's version. */
function matches(key: string, registry: string): boolean {
  const host = /^(?:https?:\/\/)?([^/]+)(?:\/(?:v[12]\/?)?)?$/.exec(key)?.[1];
  return host !== undefined && (host === registry || (isDockerHub(host) && isDockerHub(registry)));
}

/** An identity token goes before the password beside it, as it does for docker. */
function parseEntry(host: string, written: z.infer<typeof entry>): RegistryCredentials | null {
  if (written.identitytoken) return { username: IDENTITY_TOKEN_USER, password: written.identitytoken };
  if (!written.auth) {
    const { username, password } = written;
    return username && password ? { username, password } : null;
  }
  const text = Buffer.from(written.auth, 'base64').toString();
  const colon = text.indexOf(':');
  if (colon < 1) {
    throw new DeployError('INPUT_INVALID', `could not read the login for ${host} in docker's config.json`, {
      hint: `Log in to ${host} again (docker/login-action).`,
    });
  }
  // Docker pads the password with NUL on some systems (docker/cli config/configfile/file.go).
  return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/(?<!\0)\0+$/, '') };
}
