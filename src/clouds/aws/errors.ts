import {
  type Call,
  isConnectionFailure,
  openErrorExplainer,
  type Thrown,
  type Verdict,
} from '../../model/explain-errors.ts';
import { otherPolicyHint, readDenial } from './denied-by.ts';

/** One request, in words, for the error that it may end in. */
export interface AwsCall extends Call {
  /** The IAM action that it needs: `ecs:UpdateService`. */
  readonly action: string;
  /** Of its answer, one member at least has a value; absent: an answer without any is right too. */
  readonly holds?: readonly string[];
}

/** The token of a role's session has hundreds of such characters, and nothing else in a message has. */
const SESSION_TOKEN = /[A-Za-z0-9+/=_-]{100,}/g;

/** `findAwsErrorName`: `ConflictException`. */
export const {
  explainErrors,
  toDeployError,
  findWord: findAwsErrorName,
} = openErrorExplainer<AwsCall, AwsThrown>({
  read: readThrown,
  classify,
  describeDenied: (thrown, call) =>
    readDenial(thrown.message).policy === null ? `the role lacks ${deniedAction(thrown, call)}` : null,
  token: SESSION_TOKEN,
});

interface AwsThrown extends Thrown {
  readonly errno: string;
  readonly status: number;
}

function readThrown(error: unknown): AwsThrown {
  const thrown = error as {
    name?: unknown;
    message?: unknown;
    code?: unknown;
    $metadata?: { httpStatusCode?: unknown };
  };
  const status = thrown?.$metadata?.httpStatusCode;
  const errno = typeof thrown?.code === 'string' ? thrown.code : '';
  return {
    word: typeof thrown?.name === 'string' ? thrown.name : 'Error',
    message: (typeof thrown?.message === 'string' ? thrown.message : String(error)) || errno,
    errno,
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
// A body that broke off no longer parses; the SDK has tried again by then.
const BROKEN_ANSWER = /^(?:TimeoutError|AbortError|SyntaxError|ServerException|InternalFailure|ServiceUnavailable\w*)$/;
const SAYS_DENIED = /not authorized to perform/i;
// https://github.com/hashicorp/terraform-provider-aws/issues/9777
const REVISION_RACE = /Too many concurrent attempts to create a new revision/i;

function classify(thrown: AwsThrown, call: AwsCall): Verdict {
  const { word: name, message, errno, status } = thrown;
  if (EXPIRED.test(name)) return { code: 'AUTH_FAILED', hint: EXPIRED_HINT };
  if (NO_CREDENTIALS.test(name)) return { code: 'AUTH_FAILED', hint: CREDENTIALS_HINT };
  if (BAD_CREDENTIALS.test(name)) return { code: 'AUTH_FAILED', hint: CREDENTIALS_HINT };
  if (/AssumeRole/.test(message) && SAYS_DENIED.test(message)) return { code: 'AUTH_FAILED', hint: TRUST_HINT };
  if (DENIED.test(name) || SAYS_DENIED.test(message)) {
    // A policy of named resources denies a misspelt name as well, and never says that it doesn't exist.
    const hint =
      otherPolicyHint(message, 'the role') ??
      `Add ${deniedAction(thrown, call)} to the role's policy, or correct the name in the inputs if it allows another.`;
    return { code: 'PERMISSION_DENIED', hint };
  }
  if (THROTTLED.test(name) || status === 429 || REVISION_RACE.test(message)) {
    return {
      code: 'THROTTLED',
      hint: 'Run again in a minute: too many requests were made in this account and region.',
    };
  }
  if (MISSING.test(name)) return { code: 'NOT_FOUND', hint: MISSING_HINT };
  if (UNKNOWN_HOST.test(errno)) return { code: 'NETWORK', hint: UNKNOWN_HOST_HINT };
  if (BROKEN_ANSWER.test(name) || isConnectionFailure(errno) || status >= 500) {
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

/** AWS names the action that was missing, which need not be the one that was called: `iam:PassRole`. */
function deniedAction(thrown: AwsThrown, call: AwsCall): string {
  return readDenial(thrown.message).action ?? call.action;
}
