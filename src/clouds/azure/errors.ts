import {
  type Call,
  isConnectionFailure,
  openErrorExplainer,
  type Thrown,
  type Verdict,
} from '../../model/explain-errors.ts';

/** One request, in words, for the error that it may end in. */
export interface AzureCall extends Call {
  /** The action that a role has to allow: `Microsoft.App/containerApps/write`. */
  readonly action: string;
}

const JWT = /eyJ[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]+)*/g;

export const { explainErrors, toDeployError } = openErrorExplainer<AzureCall, AzureThrown>({
  read: readThrown,
  classify,
  describeDenied: (thrown, call) => `the role lacks ${deniedAction(thrown, call)}`,
  token: JWT,
});

interface AzureThrown extends Thrown {
  readonly status: number;
}

function readThrown(error: unknown): AzureThrown {
  // The SDK's deserializers read members of whatever was answered.
  if (error instanceof TypeError && error.stack?.includes('@azure/'))
    return { word: 'PARSE_ERROR', message: 'the answer has an unexpected form', status: 0 };
  const thrown = error as { name?: unknown; message?: unknown; code?: unknown; statusCode?: unknown };
  const name = typeof thrown?.name === 'string' ? thrown.name : 'Error';
  return {
    word: typeof thrown?.code === 'string' ? thrown.code : name,
    message: typeof thrown?.message === 'string' ? thrown.message : String(error),
    status: typeof thrown?.statusCode === 'number' ? thrown.statusCode : 0,
  };
}

/** The SDK's own codes, beside Node's. */
const BROKEN_ANSWER = /^(?:REQUEST_SEND_ERROR|PARSE_ERROR|SyntaxError)$/;
const MISSING_GROUP = /^(?:ResourceGroupNotFound|SubscriptionNotFound)$/;
const SAYS_DENIED = /does not have authorization to perform action/i;

/**
 * What no role changes and no waiting either, although it comes as 403 or 409.
 * https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors
 */
const REFUSALS: ReadonlyMap<string, string> = new Map([
  [
    'RequestDisallowedByPolicy',
    'An Azure Policy refuses this change, whatever roles there are: change what the policy names here, or let its owner exempt the app.',
  ],
  [
    'ScopeLocked',
    'A lock refuses every change (az lock list): let its owner remove it for the deployment, or deploy elsewhere.',
  ],
  [
    'ReadOnlyDisabledSubscription',
    'The subscription is disabled, and so read-only: let its owner activate it again (billing), then run again.',
  ],
  [
    'MissingSubscriptionRegistration',
    'Register the provider in the subscription: az provider register --namespace Microsoft.App.',
  ],
]);

function classify(thrown: AzureThrown, call: AzureCall): Verdict {
  const { word: code, message, status } = thrown;
  const login = LOGIN_HINTS.find(([pattern]) => pattern.test(message));
  if (login) return { code: 'AUTH_FAILED', hint: login[1] };
  if (/AADSTS\d+|CredentialUnavailable|Authentication(?:Required)?Error/.test(`${code} ${message}`) || status === 401)
    return { code: 'AUTH_FAILED', hint: LOGIN_HINT };
  const refusal = REFUSALS.get(code);
  if (refusal !== undefined) return { code: 'DEPLOY_REJECTED', hint: refusal };
  if (status === 403 || SAYS_DENIED.test(message)) {
    const hint = `Give the role ${deniedAction(thrown, call)} on the resource: docs/setup-azure.md#3-create-the-custom-roles has a role to copy.`;
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
  if (status >= 500 || status === 408 || (status === 0 && (isConnectionFailure(code) || BROKEN_ANSWER.test(code))))
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
    'The identity token that azure/login keeps has expired: give `client-id`, `tenant-id` and `subscription` to this step, which requests a fresh one each time.',
  ],
  [
    /AADSTS70021[0-9]?\d?/,
    'Add a federated credential to the application whose subject is this repository and branch or environment, letter by letter: docs/setup-azure.md#6-create-the-application-that-github-authenticates-as.',
  ],
  [/AADSTS700016/, 'Check `client-id`: the tenant has no such application.'],
  [/AADSTS9000[0-9]+/, 'Check `tenant-id`: there is no such tenant.'],
  [
    /AADSTS70002(?:1[0-9])?\b|AADSTS7000215/,
    'Check the secret of the application, or use a federated credential instead.',
  ],
];

/** ARM names the action that was missing, which need not be the one that was called: `…/join/action`. */
function deniedAction(thrown: AzureThrown, call: AzureCall): string {
  return /perform action '([A-Za-z.]+\/[A-Za-z/]+)'/.exec(thrown.message)?.[1] ?? call.action;
}
