import path from 'node:path';
import type { Io } from '../../io/io.ts';
import { DeployError } from '../../model/errors.ts';
import { type JsonObject, listAt, textAt, textsAt, tryParseJson } from '../../model/json.ts';
import type { Renewed } from '../renewal.ts';
import type { Entry } from './kubeconfig.ts';

/** A program that gets credentials: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins */
export interface ExecPlugin {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly apiVersion: string;
  /** '': none. */
  readonly installHint: string;
  /** What KUBERNETES_EXEC_INFO tells it of the cluster; null: nothing. */
  readonly cluster: JsonObject | null;
}

const API_VERSIONS = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];
const TIMEOUT_MS = 60_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;
const MAX_ERROR_BYTES = 16 * 1024;
const MAX_ERROR_LINES = 10;
// They hold this action's inputs and journal, or steer the job.
const WITHHELD = /^(?:INPUT_.*|STATE_.*|GITHUB_(?:STATE|OUTPUT|ENV|PATH|STEP_SUMMARY))$/i;

/** null: the user has none. @throws DeployError UNSUPPORTED, INPUT_INVALID */
export function readExecPlugin(user: Entry, clusterInfo: JsonObject): ExecPlugin | null {
  const exec = user.fields['exec'];
  if (exec === undefined || exec === null) return null;
  const command = textAt(exec, 'command');
  const apiVersion = textAt(exec, 'apiVersion');
  const plugin = `the exec plugin ${command} of user ${user.name} (${user.what})`;
  if (command === '') {
    throw new DeployError('INPUT_INVALID', `could not use ${plugin}: it has no command`, { hint: REMEDY });
  }
  if (!API_VERSIONS.includes(apiVersion)) {
    const why = `apiVersion ${apiVersion || '""'} is not one of ${API_VERSIONS.join(', ')}`;
    throw new DeployError('UNSUPPORTED', `could not use ${plugin}: ${why}`, {
      hint: 'Update the plugin, and let it write the kubeconfig again.',
    });
  }
  if (textAt(exec, 'interactiveMode') === 'Always') {
    throw new DeployError('UNSUPPORTED', `could not use ${plugin}: it always asks a person (interactiveMode Always)`, {
      hint: 'Use a login that works without a person, such as a service account or the job’s OIDC identity.',
    });
  }
  const variables = listAt(exec, 'env').map((entry) => [textAt(entry, 'name'), textAt(entry, 'value')] as const);
  return {
    // As kubectl: what has a slash is a path, relative to the kubeconfig; everything else is looked for in PATH.
    command: /[/\\]/.test(command) ? path.resolve(user.folder, command) : command,
    args: textsAt(exec, 'args'),
    env: Object.fromEntries(variables),
    apiVersion,
    installHint: textAt(exec, 'installHint'),
    cluster: (exec as JsonObject)['provideClusterInfo'] === true ? clusterInfo : null,
  };
}

const REMEDY = 'Let the plugin’s own tool write the kubeconfig again.';

/**
 * Runs it, without a standard input, for at most a minute. What it prints is never shown, as it is a credential; what it
 * writes to standard error is, where it fails.
 * @throws DeployError AUTH_FAILED
 */
export async function runExecPlugin(plugin: ExecPlugin, io: Pick<Io, 'env' | 'exec' | 'log'>): Promise<Renewed> {
  const { command } = plugin;
  const stdout = keepStart(MAX_OUTPUT_BYTES);
  const stderr = keepStart(MAX_ERROR_BYTES);
  const end = await start(plugin, io, { stdout, stderr });
  if (end.exitCode !== 0) {
    const why = end.timedOut
      ? `it did not end within ${TIMEOUT_MS / 1_000}s`
      : end.exitCode === null
        ? `it was ended by ${end.signal}`
        : `exit code ${end.exitCode}`;
    io.log.foreign(stderr.text().trim().split('\n').slice(-MAX_ERROR_LINES));
    throw failure(plugin, why, 'Run it by hand as the user of this step; what it says is above.');
  }
  const credential = stdout.isWhole() ? tryParseJson(stdout.text()) : undefined;
  const found = readCredential(credential, plugin);
  if (found.token !== '') io.log.mask(found.token);
  const { token, ...rest } = found;
  io.log.debug(`credentials of ${command}, good until ${formatEnd(found.expiresAt)}`);
  return {
    credentials: { headers: token === '' ? {} : { authorization: `Bearer ${token}` }, connection: rest.connection },
    expiresAt: found.expiresAt,
  };
}

async function start(
  plugin: ExecPlugin,
  { env, exec }: Pick<Io, 'env' | 'exec'>,
  output: Parameters<Io['exec']['run']>[2]['output'] & object,
) {
  const { command, args, apiVersion, cluster } = plugin;
  const spec = { interactive: false, ...(cluster ? { cluster } : {}) };
  const info = JSON.stringify({ apiVersion, kind: 'ExecCredential', spec });
  const kept = Object.fromEntries(Object.entries(env).filter(([name]) => !WITHHELD.test(name)));
  try {
    return await exec.run(command, args, {
      timeoutMs: TIMEOUT_MS,
      env: { ...kept, ...plugin.env, KUBERNETES_EXEC_INFO: info },
      output,
    });
  } catch (error) {
    const why = error instanceof DeployError ? error.message : String(error);
    throw failure(
      plugin,
      why.replace(/^could not start [^:]*: /, 'it could not be started: '),
      `Install ${command} on the runner.`,
    );
  }
}

interface Credential {
  readonly token: string;
  readonly connection: { readonly certificate?: string; readonly key?: string };
  readonly expiresAt: number;
}

function readCredential(document: unknown, plugin: ExecPlugin): Credential {
  const bad = (why: string): DeployError => failure(plugin, why, REMEDY);
  if (textAt(document, 'kind') !== 'ExecCredential') throw bad('what it printed is no ExecCredential');
  const apiVersion = textAt(document, 'apiVersion');
  if (apiVersion !== plugin.apiVersion) {
    throw bad(`its answer has another apiVersion than ${plugin.apiVersion}, which the kubeconfig asks for`);
  }
  const token = textAt(document, 'status', 'token');
  const certificate = textAt(document, 'status', 'clientCertificateData');
  const key = textAt(document, 'status', 'clientKeyData');
  if ((certificate === '') !== (key === ''))
    throw bad('its answer has a client certificate or a key without the other');
  if (token === '' && certificate === '') throw bad('its answer has neither a token nor a client certificate');
  if (!/^[\x21-\x7e]*$/.test(token)) throw bad('its token has characters that no token has');
  const expiry = textAt(document, 'status', 'expirationTimestamp');
  const expiresAt = expiry === '' ? Number.POSITIVE_INFINITY : Date.parse(expiry);
  if (Number.isNaN(expiresAt)) throw bad('its expirationTimestamp is no time');
  return { token, connection: certificate === '' ? {} : { certificate, key }, expiresAt };
}

function failure(plugin: ExecPlugin, why: string, hint: string): DeployError {
  const message = `could not get credentials from the exec plugin ${plugin.command}: ${why}`;
  return new DeployError('AUTH_FAILED', message, { hint: plugin.installHint.trim().slice(0, 500) || hint });
}

function formatEnd(expiresAt: number): string {
  return Number.isFinite(expiresAt) ? new Date(expiresAt).toISOString() : 'the server refuses them';
}

function keepStart(maxBytes: number) {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    write(chunk: Buffer): void {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
    },
    end(): void {},
    isWhole: () => size <= maxBytes,
    text: () => Buffer.concat(chunks).toString('utf8'),
  };
}
