import type { ErrorCode } from '../../model/errors.ts';
import {
  type Call,
  isConnectionFailure,
  openErrorExplainer,
  type Thrown,
  type Verdict,
} from '../../model/explain-errors.ts';
import { listAt, textAt } from '../../model/json.ts';

/** One request, in words, for the error that it may end in. */
export interface GoogleCall extends Call {
  /** The IAM permission that it needs: `run.services.update`. */
  readonly permission: string;
}

/** An access token, or an identity token. */
const TOKEN = /ya29\.[A-Za-z0-9._-]+|eyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9._-]+)?/g;

/** `findStatus`: `ABORTED`. */
export const {
  explainErrors,
  toDeployError,
  findWord: findStatus,
} = openErrorExplainer<GoogleCall, GoogleThrown>({
  read: readThrown,
  classify,
  describeDenied: (thrown, call) =>
    findOtherDenial(thrown) === null ? `${deniedPermission(thrown, call)} is missing` : null,
  token: TOKEN,
});

interface GoogleThrown extends Thrown {
  /** `PERMISSION_DENIED`, or what the token services say: `invalid_grant`; '': none. */
  readonly status: string;
  /** `ErrorInfo.reason`: `SERVICE_DISABLED`. */
  readonly reason: string;
  /** `ErrorInfo.metadata.permission`. */
  readonly permission: string;
  /** `ECONNRESET`, … */
  readonly errno: string;
  readonly http: number;
  /** Who answered: `sts.googleapis.com`. */
  readonly host: string;
}

function readThrown(error: unknown): GoogleThrown {
  const read = readParts(error);
  return { ...read, word: read.status || read.errno || (read.http > 0 ? `HTTP ${read.http}` : 'no answer') };
}

function readParts(error: unknown): Omit<GoogleThrown, 'word'> {
  const thrown = (error ?? {}) as {
    readonly message?: unknown;
    readonly code?: unknown;
    readonly config?: { readonly url?: unknown };
    readonly response?: { readonly status?: unknown; readonly data?: unknown };
  };
  const host = URL.parse(String(thrown.config?.url ?? ''))?.host ?? '';
  if (thrown.response) return { ...readAnswer(thrown.response.data), http: Number(thrown.response.status ?? 0), host };
  const message = typeof thrown.message === 'string' ? thrown.message : String(error);
  const errno = typeof thrown.code === 'string' ? thrown.code : '';
  return { status: '', message, reason: '', permission: '', errno, http: 0, host };
}

/** The error document of a Google API, or of its token services, which have an older form. */
function readAnswer(data: unknown): Omit<GoogleThrown, 'word' | 'http' | 'host'> {
  const old = textAt(data, 'error');
  if (old !== '') {
    return { status: old, message: textAt(data, 'error_description'), reason: '', permission: '', errno: '' };
  }
  const info = listAt(data, 'error', 'details').find((detail) => textAt(detail, 'reason') !== '') ?? {};
  return {
    status: textAt(data, 'error', 'status'),
    message: textAt(data, 'error', 'message'),
    reason: textAt(info, 'reason'),
    permission: textAt(info, 'metadata', 'permission'),
    errno: '',
  };
}

const NO_CREDENTIALS =
  /Could not load the default credentials|Could not refresh access token|Unable to parse the subject/;
const NO_TOKEN = /^(?:UNAUTHENTICATED|invalid_grant|invalid_target|invalid_client|unauthorized_client)$/;

function classify(thrown: GoogleThrown, call: GoogleCall): Verdict {
  const { status, http, message, errno, reason } = thrown;
  if (isTokenService(thrown)) return { code: tokenServiceCode(thrown), hint: tokenServiceHint(thrown) };
  if (NO_TOKEN.test(status) || http === 401 || NO_CREDENTIALS.test(message)) {
    return { code: 'AUTH_FAILED', hint: CREDENTIALS_HINT };
  }
  const other = findOtherDenial(thrown);
  if (other !== null) return { code: 'PERMISSION_DENIED', hint: other };
  if (reason === 'SERVICE_DISABLED') return { code: 'PERMISSION_DENIED', hint: disabledHint(thrown) };
  if (status === 'PERMISSION_DENIED' || http === 403) {
    return { code: 'PERMISSION_DENIED', hint: permissionHint(deniedPermission(thrown, call)) };
  }
  if (status === 'RESOURCE_EXHAUSTED' && isUsedUp(thrown)) return { code: 'DEPLOY_REJECTED', hint: QUOTA_HINT };
  if (status === 'RESOURCE_EXHAUSTED' || http === 429) {
    return { code: 'THROTTLED', hint: 'Run again in a minute: too many requests were made in this project.' };
  }
  if (status === 'NOT_FOUND' || http === 404) {
    return { code: 'NOT_FOUND', hint: 'Check the inputs `project` and `region` first, then `service`.' };
  }
  const isBroken =
    isConnectionFailure(errno) || /^(?:UNAVAILABLE|DEADLINE_EXCEEDED|CANCELLED|INTERNAL|UNKNOWN)$/.test(status);
  if (isBroken || http >= 500)
    return { code: 'NETWORK', hint: 'Check that the runner can reach Google, then run again.' };
  return { code: 'DEPLOY_REJECTED', hint: 'Correct what Google names here, then run again.' };
}

const QUOTA_HINT =
  'The quota of the project in this region is used up: lower what the service may use (instances, CPU, memory), or ask for more quota.';

/** What no role changes, by `ErrorInfo.reason`: https://cloud.google.com/apis/design/errors#error_info */
const OTHER_DENIALS: ReadonlyMap<string, string> = new Map([
  [
    'SECURITY_POLICY_VIOLATED',
    'A VPC Service Controls perimeter refuses this, whatever roles there are: let its administrator look the identifier up and add an ingress rule for this identity, or use a runner inside the perimeter.',
  ],
  [
    'ORG_RESTRICTION_VIOLATION',
    'An organization restriction of the network refuses this, whatever roles there are: use a runner outside of it, or let its administrator add the organization.',
  ],
  ['BILLING_DISABLED', 'Enable billing for the project (gcloud billing projects link), then run again.'],
  ['CONSUMER_SUSPENDED', 'The project is suspended: see its billing and the notices to its owner, then run again.'],
]);

/** https://cloud.google.com/resource-manager/docs/organization-policy/org-policy-constraints */
const ORGANIZATION_POLICY_HINT =
  'An organization policy refuses this, whatever roles there are: change what it names, or let its administrator allow it for this project.';

/** The next step; null: nothing but a role is missing, as far as Google says. */
function findOtherDenial({ reason, message, status, http }: GoogleThrown): string | null {
  const known = /vpcServiceControlsUniqueIdentifier/.test(message) ? 'SECURITY_POLICY_VIOLATED' : reason;
  const isDenial = status === 'PERMISSION_DENIED' || http === 403;
  const isPolicy = isDenial && /\bconstraints\/|organization(?:'s|’s)? polic/i.test(message);
  return OTHER_DENIALS.get(known) ?? (isPolicy ? ORGANIZATION_POLICY_HINT : null);
}

/** What there may be of something at one time, which is not how often it may be asked for. */
function isUsedUp({ message }: GoogleThrown): boolean {
  return (
    /total allowable|allocation|quota limit '?(?:cpu|mem|gpu|instance)/i.test(message) && !/per minute/i.test(message)
  );
}

function isTokenService({ host }: GoogleThrown): boolean {
  return /^(?:sts|iamcredentials|oauth2)\./.test(host);
}

function tokenServiceCode({ http, errno }: GoogleThrown): ErrorCode {
  if (http === 429) return 'THROTTLED';
  return http >= 500 || isConnectionFailure(errno) ? 'NETWORK' : 'AUTH_FAILED';
}

function tokenServiceHint({ host, http }: GoogleThrown): string {
  if (http >= 500 || http === 0) return 'Check that the runner can reach Google, then run again.';
  if (host.startsWith('iamcredentials.')) {
    return 'Give the workload identity principal of this repository roles/iam.workloadIdentityUser on the service account (docs/setup-google-cloud.md#5-create-the-service-account-that-github-impersonates).';
  }
  return 'Let the attribute condition of the workload identity provider accept this repository, branch or environment; `sub` has two forms (docs/setup-google-cloud.md#4-trust-githubs-tokens-oidc).';
}

const CREDENTIALS_HINT =
  'Run google-github-actions/auth before this step or set `workload-identity-provider`, and give the job `permissions: id-token: write`; a token of a service account lives for one hour.';

function disabledHint({ host }: GoogleThrown): string {
  const apis = /^(?:run\.googleapis\.com)?$/.test(host) ? 'run.googleapis.com iamcredentials.googleapis.com' : host;
  return `Enable the API in the project: gcloud services enable ${apis}.`;
}

/** The narrowest predefined role that has it: docs/google-cloud-run.md. */
export function permissionHint(permission: string): string {
  const role = ROLES.find(([pattern]) => pattern.test(permission))?.[1];
  return role ? `Grant ${role}, which has ${permission}.` : `Grant a role that has ${permission}.`;
}

const ROLES: readonly (readonly [RegExp, string])[] = [
  [/^iam\.serviceaccounts\.actas$/i, 'roles/iam.serviceAccountUser on the service’s own (runtime) service account'],
  [/^run\.routes\.invoke$/, 'roles/run.invoker on the service'],
  [/^run\./, 'roles/run.developer on the service'],
  [/^container\.clusters\./, 'roles/container.clusterViewer on the project'],
  [/^gkehub\./, 'roles/gkehub.gatewayEditor on the project of the fleet'],
  [/^artifactregistry\..*(?:upload|create|update|tag)/i, 'roles/artifactregistry.writer on the repository'],
  [/^artifactregistry\./, 'roles/artifactregistry.reader on the repository'],
  [/^iam\.serviceAccounts\.getOpenIdToken$/, 'roles/iam.workloadIdentityUser on the service account'],
];

/** Google names the one that was missing, which need not be the one of the call: `iam.serviceaccounts.actAs`. */
function deniedPermission(thrown: GoogleThrown, call: GoogleCall): string {
  if (/permission to read the image/i.test(thrown.message)) return 'artifactregistry.repositories.downloadArtifacts';
  const named = thrown.permission || /[Pp]ermission '?([a-zA-Z]+(?:\.[a-zA-Z]+){2,})'?/.exec(thrown.message)?.[1];
  return named ?? call.permission;
}
