import type { InputReader } from '../../../model/input-reader.ts';
import type { OpenTarget, Target } from '../../target.ts';

export interface ContainerAppsSettings {
  readonly app: string;
  readonly resourceGroup: string;
  /** '': what AZURE_SUBSCRIPTION_ID or the Azure CLI's profile says. */
  readonly subscription: string;
  /** Of the application that the job logs in as; '': what AZURE_* or the Azure CLI's profile says. */
  readonly tenantId: string;
  readonly clientId: string;
  /** What becomes of the old revision when the new one has all the traffic. */
  readonly keepPrevious: 'active' | 'inactive';
}

const APP = /^[a-z](?:[a-z0-9]|-(?!-))*[a-z0-9]$/;
const GROUP = /^[\p{L}\p{N}_().-]{1,90}$/u;
const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** One Azure Container App, changed by a new revision. */
export const containerAppsTarget: Target<ContainerAppsSettings> = {
  inputs: ['service', 'resource-group', 'subscription', 'tenant-id', 'client-id', 'keep-previous'],
  parse(reader) {
    const app = reader.required('service', 'the name of the container app to deploy to');
    const resourceGroup = reader.required('resource-group', 'the resource group that the container app is in');
    if (app !== '' && (!APP.test(app) || app.length > 32)) {
      const next = 'Of a resource id, write only what follows the last slash.';
      reader.problem('service', { given: quote(app), expected: 'the name of a container app: a-z, 0-9 and -', next });
    }
    if (resourceGroup !== '' && !GROUP.test(resourceGroup)) {
      reader.problem('resource-group', { given: quote(resourceGroup), expected: 'the name of a resource group' });
    }
    return {
      app,
      resourceGroup,
      subscription: readId(reader, 'subscription'),
      tenantId: readId(reader, 'tenant-id'),
      clientId: readId(reader, 'client-id'),
      keepPrevious: reader.choice('keep-previous', ['inactive', 'active'], 'inactive'),
    };
  },
  async open(settings, io): Promise<OpenTarget> {
    // The SDKs are a megabyte: only who deploys to Container Apps loads them.
    const { openContainerApps } = await import('./workload.ts');
    return await openContainerApps(settings, io);
  },
};

function readId(reader: InputReader, name: string): string {
  const given = reader.text(name);
  if (given === '' || GUID.test(given)) return given;
  // What was given isn't repeated: it may be a secret that went into the wrong input.
  const next = 'Write it like 00000000-0000-0000-0000-000000000000; a name is not enough.';
  reader.problem(name, { given: 'something else', expected: 'an id (GUID)', next });
  return '';
}

/** It may be anything: a value that went into the wrong input. */
function quote(given: string): string {
  return `"${given.replace(/\s+/g, ' ').slice(0, 60)}"`;
}
