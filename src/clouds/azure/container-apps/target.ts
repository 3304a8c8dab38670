import type { InputReader } from '../../../model/input-reader.ts';
import { readPreviewUrl } from '../../preview-address.ts';
import type { Target } from '../../target.ts';
import { ACCOUNT_INPUTS, readAccountInputs, readId } from '../account-inputs.ts';
import { quote, readResourceGroup } from '../resource-group.ts';
import type { ContainerAppsSettings } from './workload.ts';

const APP = /^[a-z](?:[a-z0-9]|-(?!-))*[a-z0-9]$/;

/** One Azure Container App, changed by a new revision. */
export const containerAppsTarget: Target = {
  inputs: ['service', 'resource-group', ...ACCOUNT_INPUTS, 'expected-account', 'preview-url', 'keep-previous'],
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
  if (app !== '' && (!APP.test(app) || app.length > 32)) {
    const next = 'Of a resource id, write only what follows the last slash.';
    reader.problem('service', { given: quote(app), expected: 'the name of a container app: a-z, 0-9 and -', next });
  }
  const resourceGroup = readResourceGroup(reader, 'the resource group that the container app is in');
  const keepPrevious = reader.choice('keep-previous', ['inactive', 'active'], 'inactive');
  const expectedAccount = readId(reader, 'expected-account');
  const previewUrl = readPreviewUrl(reader);
  return { app, resourceGroup, ...readAccountInputs(reader), expectedAccount, previewUrl, keepPrevious };
}
