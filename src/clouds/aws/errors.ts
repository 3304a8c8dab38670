import { DeployError } from '../../model/errors.ts';
import { type Call, quoteLine, sendOrExplain, type Verdict } from '../../model/send-or-explain.ts';

/** One request, in words, for the error that it may end in. */
export interface AwsCall extends Call {
  /** The IAM action that it needs: `ecs:UpdateService`. */
  readonly action: string;
}

/** Sends one request. @throws DeployError with what AWS said, or the signal's reason. */
export function explainErrors<T>(call: AwsCall, send: () => Promise<T>): Promise<T> {
  return sendOrExplain(call, send, (error) => toDeployError(error, call));
}

/** Pure: what an SDK threw -> what a person can act on. Keeps name and message of the original, never its response. */
export function toDeployError(error: unknown, call: AwsCall): DeployError {
  const thrown = readThrown(error);
  const { code, hint } = classify(thrown, call);
  const said = code === 'PERMISSION_DENIED' ? `the role lacks ${deniedAction(thrown, call)}` : quote(thrown, call);
  return new DeployError(code, `could not ${call.what}: ${said}`, {
    hint,
    // The SDK's own error carries the response with its headers: it must not reach a log.
    cause: new Error(quote(thrown, call)),
  });
}

/** AWS's own word for the error: `ConflictException`; null: it did not come from AWS. */
export function findAwsErrorName(error: unknown): string | null {
  const match = /^([A-Za-z]+)(?:: |$)/.exec(
    error instanceof DeployError ? ((error.cause as Error)?.message ?? '') : '',
  );
  return match?.[1] ?? null;
}

interface Thrown {
  readonly name: string;
  readonly message: string;
  readonly errno: string;
  readonly status: number;
}

function readThrown(error: unknown): Thrown {
  const thrown = error as {
    name?: unknown;
    message?: unknown;
    code?: unknown;
    $metadata?: { httpStatusCode?: unknown };
  };
  const status = thrown?.$metadata?.httpStatusCode;
  return {
    name: typeof thrown?.name === 'string' ? thrown.name : 'Error',
    message: typeof thrown?.message === 'string' ? thrown.message : String(error),
    errno: typeof thrown?.code === 'string' ? thrown.code : '',
    status: typeof status === 'number' ? status : 0,
  };
}

const EXPIRED = /^(?:ExpiredToken(?:Exception)?|TokenRefreshRequired|RequestExpired)$/;
const NO_CREDENTIALS = /^(?:CredentialsProviderError|ProviderError|TokenProviderError)$/;
const BAD_CREDENTIALS =
  /^(?:UnrecognizedClientException|InvalidClientTokenId|InvalidIdentityToken\w*|IDPRejectedClaim\w*|InvalidSignatureException|SignatureDoesNotMatch|MissingAuthenticationToken(?:Exception)?|IncompleteSignature(?:Exception)?|AuthFailure|OptInRequired)$/;
const DENIED = /^(?:AccessDenied(?:Exception)?|UnauthorizedOperation|NotAuthorized)$/;
const THROTTLED = /^(?:Throttling\w*|ThrottledException|TooManyRequests\w*|RequestLimitExceeded|SlowDown)$/;
const MISSING =
  /^(?:ClusterNotFound|ServiceNotFound|ServiceDeploymentNotFound|RepositoryNotFound|ResourceNotFound|TargetGroupNotFound|LoadBalancerNotFound|ListenerNotFound|ServiceNotActive)(?:Exception)?$/;
// A proxy that cannot resolve the name refuses the tunnel.
const UNKNOWN_HOST = /^(?:ENOTFOUND|ERR_PROXY_TUNNEL)$/;
const CONNECTION = /^(?:E[A-Z_]{3,}|ERR_TLS\w*|CERT_\w+|DEPTH_ZERO\w*|SELF_SIGNED\w*|UNABLE_TO_\w+)$/;
// A body that broke off no longer parses; the SDK has tried again by then.
const BROKEN_ANSWER = /^(?:TimeoutError|AbortError|SyntaxError|ServerException|InternalFailure|ServiceUnavailable\w*)$/;
const SAYS_DENIED = /not authorized to perform/i;
// https://github.com/hashicorp/terraform-provider-aws/issues/9777
const REVISION_RACE = /Too many concurrent attempts to create a new revision/i;

function classify(thrown: Thrown, call: AwsCall): Verdict {
  const { name, message, errno, status } = thrown;
  if (EXPIRED.test(name)) return { code: 'AUTH_FAILED', hint: EXPIRED_HINT };
  if (NO_CREDENTIALS.test(name)) return { code: 'AUTH_FAILED', hint: CREDENTIALS_HINT };
  if (BAD_CREDENTIALS.test(name)) return { code: 'AUTH_FAILED', hint: CREDENTIALS_HINT };
  if (/AssumeRole/.test(message) && SAYS_DENIED.test(message)) return { code: 'AUTH_FAILED', hint: TRUST_HINT };
  if (DENIED.test(name) || SAYS_DENIED.test(message)) {
    return { code: 'PERMISSION_DENIED', hint: `Add ${deniedAction(thrown, call)} to the role's policy.` };
  }
  if (THROTTLED.test(name) || status === 429 || REVISION_RACE.test(message)) {
    return {
      code: 'THROTTLED',
      hint: 'Run again in a minute: too many requests were made in this account and region.',
    };
  }
  if (MISSING.test(name)) return { code: 'NOT_FOUND', hint: MISSING_HINT };
  if (UNKNOWN_HOST.test(errno)) return { code: 'NETWORK', hint: UNKNOWN_HOST_HINT };
  if (BROKEN_ANSWER.test(name) || CONNECTION.test(errno) || status >= 500) {
    return { code: 'NETWORK', hint: 'Check that the runner can reach AWS, then run again.' };
  }
  return { code: 'DEPLOY_REJECTED', hint: 'Correct what AWS names here, then run again.' };
}

const EXPIRED_HINT =
  'The credentials expired during the run: raise `role-duration-seconds` of aws-actions/configure-aws-credentials (and the role’s maximum session duration).';
const CREDENTIALS_HINT =
  'Run aws-actions/configure-aws-credentials before this step, and give the job `permissions: id-token: write`.';
const TRUST_HINT = 'Let the role’s trust policy accept this repository, branch or environment.';
/** A wrong cluster or region is the usual cause: aws-actions/amazon-ecs-deploy-task-definition#544 */
export const MISSING_HINT =
  'Check the inputs `cluster` and `region` first (a wrong one is the usual cause), then `service`, and that the credentials are of the right account.';
const UNKNOWN_HOST_HINT =
  'Check that the region exists (input `region`, or AWS_REGION), and the runner’s DNS and proxy.';

/** The token of a role's session has hundreds of such characters, and nothing else in a message has. */
const SESSION_TOKEN = /[A-Za-z0-9+/=_-]{100,}/g;

/** AWS names the action that was missing, which need not be the one that was called: `iam:PassRole`. */
function deniedAction(thrown: Thrown, call: AwsCall): string {
  return /perform:?\s+([a-z][a-z0-9-]*:[A-Za-z*]+)/.exec(thrown.message)?.[1] ?? call.action;
}

function quote(thrown: Thrown, call: AwsCall): string {
  return `${thrown.name}: ${quoteLine(thrown.message, call, SESSION_TOKEN) || thrown.errno || 'no message'}`;
}
