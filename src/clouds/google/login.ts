import type { InputReader } from '../../model/input-reader.ts';
import type { CloudContext } from '../target.ts';
import type { CredentialSettings, GoogleCredentials } from './credentials.ts';

export const LOGIN_INPUTS = ['workload-identity-provider', 'service-account'] as const;

const PROVIDER =
  /^projects\/\d+\/locations\/global\/workloadIdentityPools\/[a-z0-9-]{4,32}\/providers\/[a-z0-9-]{4,32}$/;
const ACCOUNT = /^[a-z0-9-]+@[a-z0-9.-]+\.gserviceaccount\.com$/;

/** Who the job is, as the inputs say. */
export function readLogin(reader: InputReader): CredentialSettings {
  const workloadIdentityProvider = reader.text('workload-identity-provider');
  const serviceAccount = reader.text('service-account');
  expectForm(reader, 'workload-identity-provider', PROVIDER, {
    given: workloadIdentityProvider,
    expected: 'projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER',
  });
  expectForm(reader, 'service-account', ACCOUNT, {
    given: serviceAccount,
    expected: 'the e-mail address of a service account, such as deploy@acme.iam.gserviceaccount.com',
  });
  if (serviceAccount !== '' && workloadIdentityProvider === '') {
    const next = 'Add `workload-identity-provider:`, or remove it and give it to google-github-actions/auth.';
    reader.problem('service-account', {
      given: 'a value',
      expected: 'nothing without workload-identity-provider',
      next,
    });
  }
  return { workloadIdentityProvider, serviceAccount };
}

/** Notes a value that is given and does not have this form. */
export function expectForm(
  reader: InputReader,
  name: string,
  pattern: RegExp,
  { given, expected }: { readonly given: string; readonly expected: string },
): void {
  if (given !== '' && !pattern.test(given)) reader.problem(name, { given: quote(given), expected });
}

/** Cut, as it may be a value that was meant for another input. */
function quote(given: string): string {
  return `"${given.replace(/\s+/g, ' ').slice(0, 60)}"`;
}

/**
 * A workload and a registry that log in alike use the same credentials, and so the same access token. Google's auth
 * library (0.3 MB) is loaded here. null: the job has no credentials for Google.
 * @throws DeployError AUTH_FAILED when they can't be read or used
 */
export function shareCredentials(
  settings: CredentialSettings,
  { io, logins }: Pick<CloudContext, 'io' | 'logins'>,
  scopes: readonly string[] = [],
): Promise<GoogleCredentials | null> {
  return logins.shared(`google ${JSON.stringify([settings, scopes])}`, async () => {
    const { findCredentials } = await import('./credentials.ts');
    return await findCredentials(settings, io, scopes);
  });
}
