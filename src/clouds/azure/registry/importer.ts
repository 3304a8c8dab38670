import { ContainerRegistryManagementClient } from '@azure/arm-containerregistry';
import type { CancellableIo } from '../../../io/io.ts';
import { readOptional } from '../../../io/read-optional.ts';
import { DeployError } from '../../../model/errors.ts';
import type { ImageImporter, ImportRequest } from '../../../model/image-importer.ts';
import { explainErrors } from '../errors.ts';
import { openPipelineHttp, RETRIES } from '../pipeline-http.ts';
import { ARM_SCOPE, authenticate, noCredential, type Tokens } from '../tokens.ts';

const LONGEST_MS = 15 * 60_000;
const PAUSE_MS = 2_000;
const ACTION = 'Microsoft.ContainerRegistry/registries/importImage/action';

export interface ImporterAccount {
  readonly subscription: string;
  /** Where registries are searched first; '': nowhere in particular. */
  readonly resourceGroup: string;
  readonly tokens: Tokens;
}

interface Place {
  readonly resourceGroup: string;
  readonly name: string;
}

/** Of Azure container registries, by Resource Manager. https://learn.microsoft.com/azure/container-registry/container-registry-import-images */
export function acrImporter(
  { subscription, resourceGroup, tokens }: ImporterAccount,
  context: CancellableIo,
): Pick<ImageImporter, 'tryImport'> {
  const options = { httpClient: openPipelineHttp(context.io), retryOptions: RETRIES };
  const client = new ContainerRegistryManagementClient(noCredential, subscription, options);
  authenticate(client.pipeline, tokens, ARM_SCOPE);
  return {
    async tryImport(request) {
      try {
        const place = await findRegistry(client, { request, resourceGroup, context });
        if (!place) return { isDone: false, why: `${request.destination.registry} is not in this subscription` };
        await importImage(client, place, { request, context });
        return { isDone: true };
      } catch (error) {
        if (!(error instanceof DeployError) || error.code === 'CANCELLED') throw error;
        return { isDone: false, why: `${error.message}${error.code === 'PERMISSION_DENIED' ? ROLE : ''}` };
      }
    },
  };
}

const ROLE =
  ' (AcrPush is not enough for an import: it takes Container Registry Data Importer and Data Reader, or Contributor)';

interface Search {
  readonly request: ImportRequest;
  readonly resourceGroup: string;
  readonly context: CancellableIo;
}

/** In the given group first: a role that may read only there is not allowed to list the subscription's registries. */
async function findRegistry(
  client: ContainerRegistryManagementClient,
  { request, resourceGroup, context }: Search,
): Promise<Place | null> {
  const host = request.destination.registry.toLowerCase();
  const name = host.split('.')[0] ?? '';
  const { signal } = context;
  const call = { what: `find the registry ${host}`, action: 'Microsoft.ContainerRegistry/registries/read', signal };
  const options = { abortSignal: signal };
  const read = async () =>
    resourceGroup === '' ? null : await explainErrors(call, () => client.registries.get(resourceGroup, name, options));
  const found = await readOptional(read, { without: ['NOT_FOUND', 'PERMISSION_DENIED'], tell: () => {} });
  if (found?.loginServer?.toLowerCase() === host) return { resourceGroup, name };
  return await explainErrors(call, async () => {
    let count = 0;
    for await (const { id = '', name: found = '', loginServer = '' } of client.registries.list(options)) {
      const group = /\/resourceGroups\/([^/]+)\//i.exec(id)?.[1];
      if (loginServer.toLowerCase() === host && group) return { resourceGroup: group, name: found };
      count += 1;
      if (count >= MOST_REGISTRIES) break;
    }
    return null;
  });
}

const MOST_REGISTRIES = 500;

/** With its tags, unless one of them exists: then without, and the copy that follows moves the tag. */
async function importImage(
  client: ContainerRegistryManagementClient,
  place: Place,
  { request, context }: { readonly request: ImportRequest; readonly context: CancellableIo },
): Promise<void> {
  const { repository, tags } = request.destination;
  const named = { targetTags: tags.map((tag) => `${repository}:${tag}`) };
  const unnamed = { untaggedTargetRepositories: [repository] };
  try {
    await runImport(client, place, { request, context, target: tags.length > 0 ? named : unnamed });
  } catch (error) {
    const isTaken =
      error instanceof DeployError && (error.code === 'THROTTLED' || /already exists/i.test(error.message));
    if (!isTaken || tags.length === 0) throw error;
    await runImport(client, place, { request, context, target: unnamed });
  }
}

interface ImportRun {
  readonly request: ImportRequest;
  readonly context: CancellableIo;
  readonly target: { readonly targetTags?: string[]; readonly untaggedTargetRepositories?: string[] };
}

async function runImport(
  client: ContainerRegistryManagementClient,
  { resourceGroup, name }: Place,
  { request, context, target }: ImportRun,
): Promise<void> {
  const { source, destination, credentials } = request;
  const { signal } = context;
  const { clock } = context.io;
  const secrets = credentials ? [credentials.password] : [];
  const call = { what: `have ${destination.registry} fetch the image itself`, action: ACTION, signal, secrets };
  const parameters = {
    source: {
      registryUri: source.registry,
      sourceImage: `${source.repository}@${source.digest}`,
      ...(credentials ? { credentials: { ...credentials } } : {}),
    },
    ...target,
    // An existing tag stays what it is.
    mode: 'NoForce',
  };
  const until = clock.now() + LONGEST_MS;
  const poller = client.registries.importImage(resourceGroup, name, parameters, { abortSignal: signal });
  await explainErrors(call, () => poller.submitted());
  while (!poller.isDone) {
    if (clock.now() >= until) throw tooSlow(call.what);
    await clock.sleep(PAUSE_MS, signal);
    await explainErrors(call, () => poller.poll({ abortSignal: signal }));
  }
}

function tooSlow(what: string): DeployError {
  return new DeployError('TIMEOUT', `could not ${what} within ${LONGEST_MS / 60_000} minutes`, { hint: 'Run again.' });
}
