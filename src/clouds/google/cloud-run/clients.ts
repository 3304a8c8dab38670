// Not from the package's index: that loads all eleven clients, which doubles the bundle's chunk.
import { RevisionsClient } from '@google-cloud/run/build/src/v2/revisions_client.js';
import { ServicesClient } from '@google-cloud/run/build/src/v2/services_client.js';
import type { AuthClient } from 'google-auth-library';
import type { Io } from '../../../io/io.ts';
import type { RunClients } from './service.ts';

const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

/** Google's clients, over gRPC, with our credentials. Nothing is asked of the metadata service or of the project's. */
export function openRunClients(project: string, authClient: AuthClient, env: Io['env']): RunClients {
  passProxyOn(env);
  const options = {
    projectId: project,
    authClient,
    // The clients set it to "no bound".
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  };
  return { services: new ServicesClient(options), revisions: new RevisionsClient(options) };
}

/** gRPC reads the proxy's address in lower case only, and from the process; GitHub documents both for its runners. */
function passProxyOn(env: Io['env']): void {
  const proxy = env['https_proxy'] || env['HTTPS_PROXY'] || env['http_proxy'] || env['HTTP_PROXY'];
  if (proxy) process.env['grpc_proxy'] ??= proxy;
  const direct = env['no_proxy'] || env['NO_PROXY'];
  if (direct) process.env['no_grpc_proxy'] ??= direct;
}
