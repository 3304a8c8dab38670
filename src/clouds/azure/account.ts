import path from 'node:path';
import type { Io } from '../../io/io.ts';
import { DeployError } from '../../model/errors.ts';
import { type JsonObject, listAt, textAt, tryParseJson } from '../../model/json.ts';
import type { AccountInputs } from './account-inputs.ts';

/** Which subscription to deploy to, and as which application, as far as that is configured. */
export interface AzureAccount {
  /** '': not known, and so are the next two. */
  readonly subscription: string;
  readonly tenantId: string;
  readonly clientId: string;
  /** The inputs name the application. */
  readonly isByInput: boolean;
  /** The Azure CLI is logged in, by azure/login or by hand. */
  readonly hasCliLogin: boolean;
}

/**
 * Inputs first, then AZURE_* of the job, then what azure/login left: it exports no variable, only the profile of the
 * Azure CLI, which is read here without starting it (that alone can take ten seconds).
 * @throws DeployError UNSUPPORTED for a sovereign cloud
 */
export function findAccount(inputs: AccountInputs, { env, files }: Pick<Io, 'env' | 'files'>): AzureAccount {
  refuseSovereign(env['AZURE_AUTHORITY_HOST'] ?? '');
  const logins = readCliProfile(env, files);
  const fromEnv = inputs.subscription || env['AZURE_SUBSCRIPTION_ID'] || '';
  const login = logins.find(({ id, isDefault }) => (fromEnv === '' ? isDefault : isSameId(id, fromEnv)));
  if (login?.environmentName) refuseSovereign(login.environmentName);
  return {
    subscription: fromEnv || login?.id || '',
    tenantId: inputs.tenantId || env['AZURE_TENANT_ID'] || login?.tenantId || '',
    clientId: inputs.clientId || env['AZURE_CLIENT_ID'] || '',
    isByInput: inputs.clientId !== '',
    hasCliLogin: logins.length > 0,
  };
}

/** @throws DeployError INPUT_INVALID when no subscription is known */
export function ensureSubscription({ subscription }: AzureAccount): void {
  if (subscription !== '') return;
  throw new DeployError('INPUT_INVALID', 'could not tell which Azure subscription is meant: none was given', {
    hint: 'Set the input `subscription` (or AZURE_SUBSCRIPTION_ID) to its id, or run azure/login before this step.',
  });
}

/** `expected` '': any. @throws DeployError INPUT_INVALID when the deployment is for another subscription */
export function ensureExpectedSubscription({ subscription }: AzureAccount, expected: string): void {
  if (expected === '' || isSameId(subscription, expected)) return;
  const why = `could not start in subscription ${expected}: this deployment is for ${subscription}`;
  throw new DeployError('INPUT_INVALID', why, {
    hint: 'Correct `subscription` (or AZURE_SUBSCRIPTION_ID, or that of azure/login), or the input `expected-account`.',
  });
}

interface CliLogin {
  readonly id: string;
  readonly tenantId: string;
  readonly isDefault: boolean;
  readonly environmentName: string;
}

function readCliProfile(env: Io['env'], files: Io['files']): readonly CliLogin[] {
  const home = env['HOME'] ?? env['USERPROFILE'] ?? '';
  const folder = env['AZURE_CONFIG_DIR'] ?? path.join(home, '.azure');
  const text = tryReadText(path.join(folder, 'azureProfile.json'), files);
  // The CLI writes a byte order mark, which JSON.parse does not accept.
  return listAt(tryParseJson(text.replace(/^\ufeff/, '')), 'subscriptions').map(toLogin);
}

/** '': there is none, or it can't be read. */
function tryReadText(file: string, files: Io['files']): string {
  try {
    return files.readText(file);
  } catch {
    return '';
  }
}

function toLogin(entry: JsonObject): CliLogin {
  return {
    id: textAt(entry, 'id'),
    tenantId: textAt(entry, 'tenantId'),
    isDefault: entry['isDefault'] === true,
    environmentName: textAt(entry, 'environmentName'),
  };
}

function isSameId(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** Sovereign clouds have other endpoints, scopes and registry hosts, and none of them has been tried. */
function refuseSovereign(cloud: string): void {
  if (cloud === '' || /^AzureCloud$/i.test(cloud) || /^https:\/\/login\.microsoftonline\.com\/?$/i.test(cloud)) return;
  throw new DeployError(
    'UNSUPPORTED',
    `could not use the Azure cloud ${cloud.slice(0, 80)}: only the public one works`,
    {
      hint: 'Deploy there with the Azure CLI, and open an issue that names the cloud.',
    },
  );
}
