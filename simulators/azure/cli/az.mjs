// A stand-in for the Azure CLI after `azure/login` with OIDC: it holds the one client assertion that it was given at the
// login, and the tokens that it got for it (https://github.com/Azure/azure-cli/blob/dev/src/azure-cli-core/azure/cli/core/auth/identity.py).
// Only `az account get-access-token`, `az account show` and `az version`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const folder = process.env.AZURE_CONFIG_DIR ?? join(process.env.HOME ?? '', '.azure');
const EARLY_SECONDS = 300;

try {
  await run();
} catch (error) {
  process.stderr.write(`ERROR: ${error.message}\n`);
  process.exitCode = 1;
}

async function run() {
  const text = { type: 'string' };
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      output: { ...text, short: 'o' },
      resource: text,
      scope: text,
      tenant: { ...text, short: 't' },
      subscription: { ...text, short: 's' },
    },
  });
  const command = positionals.join(' ');
  if (command === 'version') return print({ 'azure-cli': '2.77.0', 'azure-cli-core': '2.77.0' });
  const subscription = findSubscription(values.subscription);
  if (command === 'account show') return print(subscription);
  if (command !== 'account get-access-token')
    throw new Error(`'${command}' is misspelled or not recognized by the system.`);
  const resource =
    values.resource ?? values.scope?.replace(/\/\.default$/, '') ?? 'https://management.core.windows.net/';
  const token = await findToken(resource.replace(/\/$/, ''), values.tenant ?? subscription.tenantId);
  const local = new Date(token.expires_on * 1_000).toISOString().replace('T', ' ').replace('Z', '000');
  print({
    ...token,
    expiresOn: local,
    subscription: subscription.id,
    tenant: subscription.tenantId,
    tokenType: 'Bearer',
  });
}

function findSubscription(wanted) {
  const { subscriptions } = read('azureProfile.json') ?? { subscriptions: [] };
  const found = subscriptions.find(({ id, name, isDefault }) => (wanted ? [id, name].includes(wanted) : isDefault));
  if (!found) throw new Error("Please run 'az login' to setup account.");
  return found;
}

async function findToken(resource, tenant) {
  const cache = read('msal_token_cache.json') ?? {};
  const known = cache[resource];
  if (known && known.expires_on - EARLY_SECONDS > Date.now() / 1_000) return known;
  const [entry] = read('service_principal_entries.json') ?? [];
  const response = await fetch(`https://login.microsoftonline.com/${tenant}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: entry.client_id,
      scope: `${resource}/.default`,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: entry.client_assertion,
    }),
  });
  const answer = await response.json();
  if (!answer.access_token) throw new Error(answer.error_description);
  const token = { accessToken: answer.access_token, expires_on: Math.floor(Date.now() / 1_000) + answer.expires_in };
  writeFileSync(join(folder, 'msal_token_cache.json'), JSON.stringify({ ...cache, [resource]: token }));
  return token;
}

function read(name) {
  try {
    return JSON.parse(readFileSync(join(folder, name), 'utf8'));
  } catch {
    return null;
  }
}

function print(document) {
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}
