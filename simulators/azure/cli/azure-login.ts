import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { World } from '../../world.ts';
import { CLIENT_ID, SUBSCRIPTION, TENANT } from '../azure-cloud.ts';

const ARM = 'https://management.core.windows.net';
const HOUR_MS = 3_600_000;

/**
 * What the step `azure/login` leaves behind in the job, with a stand-in for the CLI in front of the PATH: a profile, the
 * assertion of the login, which is soon too old, and a token for ARM. Returns what the job's environment has of it.
 */
export async function azureLogin(world: World, directory: string): Promise<Readonly<Record<string, string>>> {
  const [programs, config] = [join(directory, 'bin'), join(directory, 'azure')];
  for (const folder of [programs, config]) await mkdir(folder, { recursive: true });
  const script = join(import.meta.dirname, 'az.mjs');
  await writeFile(
    join(programs, 'az'),
    `#!/bin/sh\nNODE_USE_ENV_PROXY=1 exec "${process.execPath}" "${script}" "$@"\n`,
  );
  await chmod(join(programs, 'az'), 0o755);
  const files: Readonly<Record<string, unknown>> = {
    'azureProfile.json': { installationId: '00000000-0000-4000-8000-0000000000ee', subscriptions: [profile] },
    'service_principal_entries.json': [
      { client_id: CLIENT_ID, tenant: TENANT, client_assertion: world.github.issue('api://AzureADTokenExchange') },
    ],
    'msal_token_cache.json': {
      [ARM]: {
        accessToken: world.azure.issueToken(ARM),
        expires_on: (world.clock.now() + Math.min(world.azure.tokenLifetimeMs, HOUR_MS)) / 1_000,
      },
    },
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(config, name), JSON.stringify(content));
  return { PATH: `${programs}:${process.env['PATH'] ?? ''}`, AZURE_CONFIG_DIR: config };
}

/** `az account show`. */
const profile = {
  environmentName: 'AzureCloud',
  homeTenantId: TENANT,
  id: SUBSCRIPTION,
  isDefault: true,
  managedByTenants: [],
  name: 'acme production',
  state: 'Enabled',
  tenantId: TENANT,
  user: { name: CLIENT_ID, type: 'servicePrincipal' },
};
