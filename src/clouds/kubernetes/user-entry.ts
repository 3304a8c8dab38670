import type { Io } from '../../io/io.ts';
import type { ConnectionOptions } from '../../model/endpoint.ts';
import { DeployError } from '../../model/errors.ts';
import { canonical, objectAt, textAt } from '../../model/json.ts';
import type { ClusterAccess, ClusterCredentials } from '../cluster-login.ts';
import { openRenewal, type Renewed } from '../renewal.ts';
import type { ClusterEntry } from './cluster-entry.ts';
import { readExecPlugin, runExecPlugin } from './exec-plugin.ts';
import { impersonationHeaders } from './impersonation.ts';
import type { Entry } from './kubeconfig.ts';
import { ensureUsable, readNamedFile, readPem } from './pem.ts';

export type UserIo = Pick<Io, 'clock' | 'env' | 'exec' | 'files' | 'log'>;

// As kubectl: a file may be written again at any time, as a mounted token is.
const REREAD_AFTER_MS = 60_000;
const RENEW_BEFORE_MS = 60_000;

/**
 * The credentials of a user of a kubeconfig for one cluster; null: of no one. A token or a certificate of its own comes
 * before its exec plugin, as in kubectl.
 * @throws DeployError INPUT_INVALID, UNSUPPORTED; what the credentials are asked for throws AUTH_FAILED as well
 */
export function openUser(user: Entry | null, cluster: ClusterEntry, given: UserIo): ClusterAccess['credentials'] {
  const toCredentials = joinConnection(cluster.connection);
  if (!user) {
    const none = toCredentials({ headers: {}, connection: {} });
    return async () => none;
  }
  const io = maskingOnce(given);
  refuseProvider(user);
  const impersonation = impersonationHeaders(user);
  const plugin = readExecPlugin(user, cluster.info);
  const own = readOwn(user, io);
  const runs = plugin !== null && own.headers['authorization'] === undefined && !own.connection.certificate;
  const renew = async (): Promise<Renewed> => {
    if (runs) return await runExecPlugin(plugin, io);
    return { credentials: readOwn(user, io), expiresAt: io.clock.now() + REREAD_AFTER_MS };
  };
  const keep = keepEqual((credentials) => {
    ensureUsable(credentials.connection, `user ${user.name} (${user.what})`);
    const headers = { ...credentials.headers, ...impersonation };
    return toCredentials({ ...credentials, headers });
  });
  return openRenewal(
    async () => {
      const { credentials, expiresAt } = await renew();
      return { credentials: keep(credentials), expiresAt };
    },
    { clock: io.clock, beforeEndMs: runs ? RENEW_BEFORE_MS : 0 },
  );
}

/** What is read again each minute is masked when it is new: a mask is a line of the log. */
function maskingOnce(io: UserIo): UserIo {
  const masked = new Set<string>();
  const mask = (secret: string): void => {
    if (!masked.has(secret)) io.log.mask(secret);
    masked.add(secret);
  };
  return { ...io, log: { ...io.log, mask } };
}

function joinConnection(cluster: ConnectionOptions): (own: ClusterCredentials) => ClusterCredentials {
  return ({ headers, connection }) => ({ headers, connection: { ...cluster, ...connection } });
}

/** The same object as long as nothing in it has changed: that there are no other credentials is seen by that. */
function keepEqual(make: (given: ClusterCredentials) => ClusterCredentials) {
  let last: { readonly text: string; readonly made: ClusterCredentials } | null = null;
  return (given: ClusterCredentials): ClusterCredentials => {
    const text = canonical(given);
    last = last?.text === text ? last : { text, made: make(given) };
    return last.made;
  };
}

/** What the kubeconfig itself has, or the files that it names. */
function readOwn(user: Entry, io: UserIo): ClusterCredentials {
  const certificate = readPem(user, 'client-certificate', io);
  const key = readPem(user, 'client-key', io);
  if ((certificate === '') !== (key === '')) {
    throw invalid(user, 'it has a client certificate or a key without the other', 'Add the one that is missing.');
  }
  for (const secret of [key, textAt(user.fields, 'client-key-data')]) if (secret !== '') io.log.mask(secret);
  const authorization = readAuthorization(user, io);
  return {
    headers: authorization === '' ? {} : { authorization },
    connection: certificate === '' ? {} : { certificate, key },
  };
}

/** '': none. A token file comes before a token. */
function readAuthorization(user: Entry, io: UserIo): string {
  const { fields } = user;
  const file = textAt(fields, 'tokenFile');
  const token = file === '' ? textAt(fields, 'token') : readNamedFile(user, file, io).trim();
  if (file !== '' && token === '') throw invalid(user, `its tokenFile ${file} is empty`, 'Write the token to it.');
  if (token !== '') {
    if (!/^[\x21-\x7e]+$/.test(token))
      throw invalid(user, 'its token has spaces or line breaks', 'Write it as one word.');
    io.log.mask(token);
    return `Bearer ${token}`;
  }
  const [name, password] = [textAt(fields, 'username'), textAt(fields, 'password')];
  if (name === '' && password === '') return '';
  const basic = Buffer.from(`${name}:${password}`).toString('base64');
  for (const secret of [password, basic]) if (secret !== '') io.log.mask(secret);
  return `Basic ${basic}`;
}

/** Programs that were built into kubectl until 1.26; none of them is left. */
function refuseProvider(user: Entry): void {
  const name = textAt(objectAt(user.fields, 'auth-provider'), 'name');
  if (name === '') return;
  const message = `could not use user ${user.name} of ${user.what}: auth-provider ${name} is no longer supported by Kubernetes`;
  throw new DeployError('UNSUPPORTED', message, {
    hint: 'Use an exec plugin (kubelogin, gke-gcloud-auth-plugin), or the inputs `aks-cluster`, `gke-cluster`, `eks-cluster`.',
  });
}

function invalid(user: Entry, why: string, hint: string): DeployError {
  return new DeployError('INPUT_INVALID', `could not use user ${user.name} of ${user.what}: ${why}`, { hint });
}
