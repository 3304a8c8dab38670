import { DeployError } from '../../model/errors.ts';
import { type Call, quoteLine, sendOrExplain, type Verdict } from '../../model/send-or-explain.ts';

/** One request, in words, for the error that it may end in. */
export interface AzureCall extends Call {
  /** The action that a role has to allow: `Microsoft.App/containerApps/write`. */
  readonly action: string;
}

/** Sends one request. @throws DeployError with what Azure said, or the signal's reason. */
export function explainErrors<T>(call: AzureCall, send: () => Promise<T>): Promise<T> {
  return sendOrExplain(call, send, (error) => toDeployError(error, call));
}

/** Pure: what an SDK threw -> what a person can act on. Keeps code and message of the original, never its response. */
export function toDeployError(error: unknown, call: AzureCall): DeployError {
  const thrown = readThrown(error);
  const { code, hint } = classify(thrown, call);
  const said = code === 'PERMISSION_DENIED' ? `the role lacks ${deniedAction(thrown, call)}` : quote(thrown, call);
  return new DeployError(code, `could not ${call.what}: ${said}`, {
    hint,
    // The SDK's own error carries request and response with their headers: it must not reach a log.
    cause: new Error(quote(thrown, call)),
  });
}

interface Thrown {
  readonly code: string;
  readonly message: string;
  readonly status: number;
}

function readThrown(error: unknown): Thrown {
  const thrown = error as { name?: unknown; message?: unknown; code?: unknown; statusCode?: unknown };
  const name = typeof thrown?.name === 'string' ? thrown.name : 'Error';
  return {
    code: typeof thrown?.code === 'string' ? thrown.code : name,
    message: typeof thrown?.message === 'string' ? thrown.message : String(error),
    status: typeof thrown?.statusCode === 'number' ? thrown.statusCode : 0,
  };
}

const NETWORK = /^(?:E[A-Z_]{3,}|ERR_\w+|CERT_\w+|REQUEST_SEND_ERROR|PARSE_ERROR|SyntaxError)$/;
const MISSING_GROUP = /^(?:ResourceGroupNotFound|SubscriptionNotFound)$/;
const SAYS_DENIED = /does not have authorization to perform action/i;

function classify(thrown: Thrown, call: AzureCall): Verdict {
  const { code, message, status } = thrown;
  const login = LOGIN_HINTS.find(([pattern]) => pattern.test(message));
  if (login) return { code: 'AUTH_FAILED', hint: login[1] };
  if (/AADSTS\d+|CredentialUnavailable|Authentication(?:Required)?Error/.test(`${code} ${message}`) || status === 401)
    return { code: 'AUTH_FAILED', hint: LOGIN_HINT };
  if (status === 403 || SAYS_DENIED.test(message)) {
    const hint = `Give the role ${deniedAction(thrown, call)} on the resource: docs/azure-container-apps.md has a role to copy.`;
    return { code: 'PERMISSION_DENIED', hint };
  }
  if (MISSING_GROUP.test(code))
    return { code: 'NOT_FOUND', hint: 'Check the inputs `resource-group` and `subscription`.' };
  if (status === 404)
    return { code: 'NOT_FOUND', hint: 'Check the inputs `service`, `resource-group` and `subscription`.' };
  // The SDK does not send again after a 409 (Azure/aca-review-apps#58), and it passes when the other change is done.
  if (status === 409)
    return { code: 'THROTTLED', hint: 'Another change is in progress: run again when nothing else changes the app.' };
  if (status === 429) return { code: 'THROTTLED', hint: 'Run again in a minute: too many requests were made.' };
  if (status >= 500 || status === 408 || (status === 0 && NETWORK.test(code)))
    return { code: 'NETWORK', hint: 'Check that the runner can reach management.azure.com, then run again.' };
  return { code: 'DEPLOY_REJECTED', hint: 'Correct what Azure names here, then run again.' };
}

const LOGIN_HINT =
  'Run azure/login before this step, or give `client-id`, `tenant-id` and `subscription` and the job `permissions: id-token: write`.';

/** https://learn.microsoft.com/entra/identity-platform/reference-error-codes */
const LOGIN_HINTS: readonly (readonly [RegExp, string])[] = [
  [
    // The CLI keeps the one token of GitHub that it was given, which is good for minutes (Azure/login#180).
    /AADSTS700024/,
    'The identity token that azure/login keeps has expired: give `client-id`, `tenant-id` and `subscription` to this step, which asks for a fresh one each time.',
  ],
  [
    /AADSTS70021[0-9]?\d?/,
    'Add a federated credential to the application whose subject is this repository and branch or environment, letter by letter: docs/azure-container-apps.md.',
  ],
  [/AADSTS700016/, 'Check `client-id`: the tenant has no such application.'],
  [/AADSTS9000[0-9]+/, 'Check `tenant-id`: there is no such tenant.'],
  [
    /AADSTS70002(?:1[0-9])?\b|AADSTS7000215/,
    'Check the secret of the application, or use a federated credential instead.',
  ],
];

/** ARM names the action that was missing, which need not be the one that was called: `…/join/action`. */
function deniedAction(thrown: Thrown, call: AzureCall): string {
  return /perform action '([A-Za-z.]+\/[A-Za-z/]+)'/.exec(thrown.message)?.[1] ?? call.action;
}

function quote(thrown: Thrown, call: AzureCall): string {
  return `${thrown.code}: ${quoteLine(thrown.message, call, JWT) || 'no message'}`;
}

const JWT = /eyJ[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]+)*/g;
