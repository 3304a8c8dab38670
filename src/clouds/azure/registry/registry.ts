import { DeployError } from '../../../model/errors.ts';
import type { ImageImporter } from '../../../model/image-importer.ts';
import type { CloudContext, CloudRegistry, RegistryAccess } from '../../target.ts';
import { ACCOUNT_INPUTS, type AccountInputs, readAccountInputs } from '../account-inputs.ts';
import type { AzureLogin } from '../login.ts';
import { acrKeychain, isAcr } from './keychain.ts';

interface AcrInputs extends AccountInputs {
  /** Where registries are searched first; '': the workload is not on Azure. */
  readonly resourceGroup: string;
}

/** Azure Container Registry, with the credentials that the job has for Azure. */
export const acrRegistry: CloudRegistry = {
  inputs: [...ACCOUNT_INPUTS, 'resource-group'],
  handles: isAcr,
  parse(reader) {
    const inputs = { ...readAccountInputs(reader), resourceGroup: reader.text('resource-group') };
    return (context) => openAcr(inputs, context);
  },
};

function openAcr(inputs: AcrInputs, context: CloudContext): RegistryAccess {
  const openLogin = openOnce(inputs, context);
  const keychain = acrKeychain(openLogin, context);
  // A registry can be told to fetch an image only through the subscription that it is in.
  const hasSubscription = [
    inputs.resourceGroup,
    inputs.subscription,
    context.io.env['AZURE_SUBSCRIPTION_ID'] ?? '',
  ].some(Boolean);
  return hasSubscription
    ? { keychain, importer: lazyImporter(openLogin, inputs.resourceGroup, context) }
    : { keychain };
}

type OpenLogin = () => Promise<AzureLogin | null>;

function openOnce(inputs: AcrInputs, context: CloudContext): OpenLogin {
  let opened: Promise<AzureLogin | null> | null = null;
  return () => {
    opened ??= import('../login.ts').then(({ tryLogIn }) =>
      tryLogIn(inputs, context, { isExpected: inputs.resourceGroup !== '' }),
    );
    return opened;
  };
}

/** Its client is loaded when a registry is told to fetch an image, and not before. */
function lazyImporter(openLogin: OpenLogin, resourceGroup: string, context: CloudContext): ImageImporter {
  return {
    // Between two of its own the copy mounts, or stays in the same network; and each would need the other's login.
    handles: ({ source, destination }) => isAcr(destination.registry) && !isAcr(source.registry),
    async tryImport(request) {
      try {
        const login = await openLogin();
        const subscription = login?.account.subscription ?? '';
        if (!login || subscription === '') return { isDone: false, why: 'the Azure subscription is not known' };
        const { acrImporter } = await import('./importer.ts');
        return await acrImporter({ subscription, resourceGroup, tokens: login.tokens }, context).tryImport(request);
      } catch (error) {
        if (!(error instanceof DeployError) || error.code === 'CANCELLED') throw error;
        return { isDone: false, why: error.message };
      }
    },
  };
}
