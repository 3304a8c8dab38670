import { DeployError, type ErrorCode } from '../../model/errors.ts';
import { type Call, quoteLine, sendOrExplain, type Verdict } from '../../model/send-or-explain.ts';

/** One request, in words, for the error that it may end in. */
export interface GoogleCall extends Call {
  /** The IAM permission that it needs: `run.services.update`. */
  readonly permission: string;
}

/** Sends one request. @throws DeployError with what Google said, or the signal's reason. */
export function explainErrors<T>(call: GoogleCall, send: () => Promise<T>): Promise<T> {
  return sendOrExplain(call, send, (error) => findDeployError(error) ?? toDeployError(error, call));
}

/** Pure: what the auth library threw -> what a person can act on. Keeps its words, never its response. */
export function toDeployError(error: unknown, call: GoogleCall): DeployError {
  const thrown = readThrown(error);
  const { code, hint } = classify(thrown, call);
  const said = code === 'PERMISSION_DENIED' ? `${deniedPermission(thrown, call)} is missing` : quote(thrown, call);
  return new DeployError(code, `could not ${call.what}: ${said}`, {
    hint,
    // The client's own error carries the request with its token: it must not reach a log.
    cause: new Error(quote(thrown, call)),
  });
}

/** Google's own word for the error: `ABORTED`; null: it did not come from Google. */
export function findStatus(error: unknown): string | null {
  const cause = error instanceof DeployError ? (error.cause as Error | undefined)?.message : undefined;
  return /^([A-Z_]+): /.exec(cause ?? '')?.[1] ?? null;
}

interface Thrown {
  /** `PERMISSION_DENIED`, or what the token services say: `invalid_grant`; '': none. */
  readonly status: string;
  readonly message: string;
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

/** A fault of the way there is one already when it reaches the client, which wraps it. */
function findDeployError(error: unknown): DeployError | null {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth += 1) {
    if (cause instanceof DeployError) return cause;
  }
  return null;
}

function readThrown(error: unknown): Thrown {
  const thrown = (error ?? {}) as {
    readonly message?: unknown;
    readonly code?: unknown;
    readonly config?: { readonly url?: unknown };
    readonly response?: { readonly status?: unknown; readonly data?: unknown };
  };
  const host = URL.parse(String(thrown.config?.url ?? ''))?.host ?? '';
  if (thrown.response) return { ...readAnswer(thrown.response.data), http: Number(thrown.response.status ?? 0), host };
  const message = typeof thrown.message === 'string' ? thrown.message : String(error);
  return { status: '', message, reason: '', permission: '', errno: asText(thrown.code), http: 0, host };
}

/** The error document of a Google API, or of its token services, which have an older form. */
function readAnswer(data: unknown): Omit<Thrown, 'http' | 'host'> {
  const answer = (typeof data === 'object' && data !== null ? data : {}) as Record<string, unknown>;
  const { error } = answer;
  if (typeof error === 'string') {
    return { status: error, message: asText(answer['error_description']), reason: '', permission: '', errno: '' };
  }
  const body = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>;
  const details = Array.isArray(body['details']) ? (body['details'] as Record<string, unknown>[]) : [];
  const info = details.find((detail) => typeof detail?.['reason'] === 'string') ?? {};
  const metadata = (info['metadata'] ?? {}) as Record<string, unknown>;
  return {
    status: asText(body['status']),
    message: asText(body['message']),
    reason: asText(info['reason']),
    permission: asText(metadata['permission']),
    errno: '',
  };
}

const BROKEN_WAY = /^(?:E[A-Z_]{3,}|ERR_\w+|CERT_\w+|DEPTH_ZERO\w*|SELF_SIGNED\w*|UNABLE_TO_\w+|TimeoutError)$/;
const NO_CREDENTIALS =
  /Could not load the default credentials|Could not refresh access token|Unable to parse the subject/;
const NO_TOKEN = /^(?:UNAUTHENTICATED|invalid_grant|invalid_target|invalid_client|unauthorized_client)$/;

function classify(thrown: Thrown, call: GoogleCall): Verdict {
  const { status, http, message, errno, reason } = thrown;
  if (isTokenService(thrown)) return { code: tokenServiceCode(thrown), hint: tokenServiceHint(thrown) };
  if (NO_TOKEN.test(status) || http === 401 || NO_CREDENTIALS.test(message)) {
    return { code: 'AUTH_FAILED', hint: CREDENTIALS_HINT };
  }
  if (reason === 'SERVICE_DISABLED') return { code: 'PERMISSION_DENIED', hint: DISABLED_HINT };
  if (status === 'PERMISSION_DENIED' || http === 403) {
    return { code: 'PERMISSION_DENIED', hint: permissionHint(deniedPermission(thrown, call)) };
  }
  if (status === 'RESOURCE_EXHAUSTED' || http === 429) {
    return { code: 'THROTTLED', hint: 'Run again in a minute: too many requests were made in this project.' };
  }
  if (status === 'NOT_FOUND' || http === 404) {
    return { code: 'NOT_FOUND', hint: 'Check the inputs `project` and `region` first, then `service`.' };
  }
  const isBroken =
    BROKEN_WAY.test(errno) || /^(?:UNAVAILABLE|DEADLINE_EXCEEDED|CANCELLED|INTERNAL|UNKNOWN)$/.test(status);
  if (isBroken || http >= 500)
    return { code: 'NETWORK', hint: 'Check that the runner can reach Google, then run again.' };
  return { code: 'DEPLOY_REJECTED', hint: 'Correct what Google names here, then run again.' };
}

function isTokenService({ host }: Thrown): boolean {
  return /^(?:sts|iamcredentials|oauth2)\./.test(host);
}

function tokenServiceCode({ http, errno }: Thrown): ErrorCode {
  if (http === 429) return 'THROTTLED';
  return http >= 500 || BROKEN_WAY.test(errno) ? 'NETWORK' : 'AUTH_FAILED';
}

function tokenServiceHint({ host, http }: Thrown): string {
  if (http >= 500 || http === 0) return 'Check that the runner can reach Google, then run again.';
  if (host.startsWith('iamcredentials.')) {
    return 'Give the workload identity principal of this repository roles/iam.workloadIdentityUser on the service account (docs/google-cloud-run.md, step 2).';
  }
  return 'Let the attribute condition of the workload identity provider accept this repository, branch or environment; `sub` has two forms (docs/google-cloud-run.md, step 1).';
}

const CREDENTIALS_HINT =
  'Run google-github-actions/auth before this step or set `workload-identity-provider`, and give the job `permissions: id-token: write`; a token of a service account lives for one hour.';
const DISABLED_HINT =
  'Enable the API in the project: gcloud services enable run.googleapis.com iamcredentials.googleapis.com.';

/** The narrowest predefined role that has it: docs/google-cloud-run.md. */
export function permissionHint(permission: string): string {
  const role = ROLES.find(([pattern]) => pattern.test(permission))?.[1];
  return role ? `Grant ${role}, which has ${permission}.` : `Grant a role that has ${permission}.`;
}

const ROLES: readonly (readonly [RegExp, string])[] = [
  [/^iam\.serviceaccounts\.actas$/i, 'roles/iam.serviceAccountUser on the service’s own (runtime) service account'],
  [/^run\.routes\.invoke$/, 'roles/run.invoker on the service'],
  [/^run\./, 'roles/run.developer on the service'],
  [/^artifactregistry\..*(?:upload|create|update|tag)/i, 'roles/artifactregistry.writer on the repository'],
  [/^artifactregistry\./, 'roles/artifactregistry.reader on the repository'],
  [/^iam\.serviceAccounts\.getOpenIdToken$/, 'roles/iam.workloadIdentityUser on the service account'],
];

/** Google names the one that was missing, which need not be the one of the call: `iam.serviceaccounts.actAs`. */
function deniedPermission(thrown: Thrown, call: GoogleCall): string {
  if (/permission to read the image/i.test(thrown.message)) return 'artifactregistry.repositories.downloadArtifacts';
  const named = thrown.permission || /[Pp]ermission '?([a-zA-Z]+(?:\.[a-zA-Z]+){2,})'?/.exec(thrown.message)?.[1];
  return named ?? call.permission;
}

/** An access token, or an identity token. */
const TOKEN = /ya29\.[A-Za-z0-9._-]+|eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9._-]+/g;

function quote(thrown: Thrown, call: GoogleCall): string {
  const word = thrown.status || thrown.errno || (thrown.http > 0 ? `HTTP ${thrown.http}` : 'no answer');
  return `${word}: ${quoteLine(thrown.message, call, TOKEN) || 'no message'}`;
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
