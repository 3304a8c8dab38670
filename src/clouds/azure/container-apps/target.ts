import type { InputReader } from '../../../model/input-reader.ts';
import type { Target } from '../../target.ts';
import { ACCOUNT_INPUTS, readAccountInputs } from '../account-inputs.ts';
import type { ContainerAppsSettings } from './workload.ts';

const APP = /^[a-z](?:[a-z0-9]|-(?!-))*[a-z0-9]$/;
const GROUP = /^[\p{L}\p{N}_().-]{1,90}$/u;

/** One Azure Container App, changed by a new revision. */
export const containerAppsTarget: Target = {
  inputs: ['service', 'resource-group', ...ACCOUNT_INPUTS, 'keep-previous'],
  parse(reader) {
    const settings = parseSettings(reader);
    return async (context) => {
      // The SDKs are a megabyte: only a deploy to Container Apps loads them.
      const { openContainerApps } = await import('./workload.ts');
      return await openContainerApps(settings, context);
    };
  },
};

function parseSettings(reader: InputReader): ContainerAppsSettings {
  const app = reader.required('service', 'the name of the container app to deploy to');
  const resourceGroup = reader.required('resource-group', 'the resource group that the container app is in');
  if (app !== '' && (!APP.test(app) || app.length > 32)) {
    const next = 'Of a resource id, write only what follows the last slash.';
    reader.problem('service', { given: quote(app), expected: 'the name of a container app: a-z, 0-9 and -', next });
  }
  if (resourceGroup !== '' && !GROUP.test(resourceGroup)) {
    reader.problem('resource-group', { given: quote(resourceGroup), expected: 'the name of a resource group' });
  }
  const keepPrevious = reader.choice('keep-previous', ['inactive', 'active'], 'inactive');
  return { app, resourceGroup, ...readAccountInputs(reader), keepPrevious };
}

/** It may be anything: a value that went into the wrong input. */
function quote(given: string): string {
  return `"${given.replace(/\s+/g, ' ').slice(0, 60)}"`;
}
