import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a login step leaves for the steps after it. */
export interface Login {
  readonly env: Readonly<Record<string, string>>;
  /** `gha-creds-<16 hex>.json` */
  readonly file: string;
  /** As its post step: the file is gone. */
  logOut(): Promise<void>;
}

interface LoginOptions {
  readonly directory: string;
  /** null: the workflow's own identity, without a service account in between. */
  readonly serviceAccount: string | null;
  readonly provider: string;
  readonly project: string;
  /** ACTIONS_ID_TOKEN_REQUEST_URL and …_TOKEN. */
  readonly env: Readonly<Record<string, string>>;
}

/** https://github.com/google-github-actions/auth/blob/main/src/main.ts */
export async function logIn({ directory, serviceAccount, provider, project, env }: LoginOptions): Promise<Login> {
  const audience = encodeURIComponent(`https://iam.googleapis.com/${provider}`);
  const impersonation = `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${serviceAccount}:generateAccessToken`;
  const credentials = {
    type: 'external_account',
    audience: `//iam.googleapis.com/${provider}`,
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: 'https://sts.googleapis.com/v1/token',
    credential_source: {
      url: `${env['ACTIONS_ID_TOKEN_REQUEST_URL']}&audience=${audience}`,
      headers: { Authorization: `Bearer ${env['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}` },
      format: { type: 'json', subject_token_field_name: 'value' },
    },
    ...(serviceAccount === null ? {} : { service_account_impersonation_url: impersonation }),
  };
  const file = join(directory, 'gha-creds-0123456789abcdef.json');
  await writeFile(file, JSON.stringify(credentials), { mode: 0o640 });
  const files = ['GOOGLE_APPLICATION_CREDENTIALS', 'CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE', 'GOOGLE_GHA_CREDS_PATH'];
  const projects = [
    'CLOUDSDK_PROJECT',
    'CLOUDSDK_CORE_PROJECT',
    'GCP_PROJECT',
    'GCLOUD_PROJECT',
    'GOOGLE_CLOUD_PROJECT',
  ];
  return {
    env: {
      ...Object.fromEntries(files.map((name) => [name, file])),
      ...Object.fromEntries(projects.map((name) => [name, project])),
    },
    file,
    logOut: () => rm(file, { force: true }),
  };
}
