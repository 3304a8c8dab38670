import { expect, test } from '@jest/globals';
import { findFailureHint } from '../../../../../src/clouds/aws/ecs/failure-hint.ts';

const INIT = 'ResourceInitializationError: unable to pull secrets or registry auth: ';

// Wordings of agents and platform versions, old and new: public reports and
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
test.each([
  ['container web exit code 137', /memory/],
  ['OutOfMemoryError: Container killed due to memory usage', /memory/],
  ['container web exit code 139', /architecture/],
  ['container web exit code 127', /entry point/],
  ['container web exit code 1', /last log lines/],
  ['CannotPullContainerError: manifest unknown', /image exists/],
  [
    'CannotPullContainerError: inspect image has been retried 1 time(s): failed to resolve ref "x:v9": x:v9: not found',
    /image exists/,
  ],
  ['CannotPullContainerError: no matching manifest for linux/arm64', /CPU architecture/],
  [
    "CannotPullContainerError: pull image manifest has been retried 7 time(s): image Manifest does not contain descriptor matching platform 'linux/amd64'",
    /CPU architecture/,
  ],
  ['exec /app/server: exec format error', /CPU architecture/],
  ['CannotPullContainerError: dial tcp 1.2.3.4:443: i/o timeout', /route to the registry: a NAT/],
  [
    'CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to do request: Head "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/v2/agent/manifests/v2": dial tcp 10.0.0.8:443: i/o timeout',
    /route to ECR .*gateway endpoint for S3/,
  ],
  [
    'CannotPullContainerError: httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/library/node/blobs: 429 Too Many Requests - toomanyrequests: You have reached your pull rate limit.',
    /limits anonymous pulls: .*copy-to/,
  ],
  [
    'CannotPullContainerError: failed to register layer: write /usr/lib/x.so: no space left on device',
    /ephemeralStorage/,
  ],
  ['CannotPullContainerError: pull command failed: : signal: killed', /route to the registry|took too long/],
  [
    'CannotPullContainerError: failed to resolve ref 210987654321.dkr.ecr.eu-west-1.amazonaws.com/agent: 403 Forbidden',
    /a repository of another account has to allow that in its own policy/,
  ],
  [
    `CannotPullContainerError: ${'not authorized to perform: ecr:BatchGetImage on resource: arn:aws:ecr:eu-west-1:210987654321:repository/agent because no resource-based policy allows the ecr:BatchGetImage action'}`,
    /Allow ecr:BatchGetImage to the task execution role in the policy of the resource itself .*repository’s policy/,
  ],
  [
    'ResourceInitializationError: not authorized to perform: secretsmanager:GetSecretValue on resource: arn with an explicit deny in a service control policy',
    /^The service control policy does not allow secretsmanager:GetSecretValue/,
  ],
  [
    'CannotPullContainerError: docker-hub/library/nginx: not found',
    /pull-through cache.*ecr:BatchImportUpstreamImage.*ecr:CreateRepository/,
  ],
  ['CannotPullContainerError: unexpected status from HEAD request: 403 Forbidden', /task execution role may pull/],
  [
    'CannotPullContainerError: pull access denied for acme/agent, repository does not exist or may require authorization',
    /image exists/,
  ],
  [
    `${INIT}execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request failed caused by: Post "https://api.ecr.eu-west-1.amazonaws.com/": dial tcp 10.0.1.2:443: i/o timeout`,
    /route to ECR/,
  ],
  [
    `${INIT}execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 1 time(s): AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/ecsTaskExecutionRole/x is not authorized to perform: ecr:GetAuthorizationToken on resource: * because no identity-based policy allows the ecr:GetAuthorizationToken action`,
    /Allow ecr:GetAuthorizationToken in the task execution role/,
  ],
  [
    `${INIT}execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:… from secrets manager: AccessDeniedException: … is not authorized to perform: secretsmanager:GetSecretValue on resource: arn:…`,
    /Allow secretsmanager:GetSecretValue/,
  ],
  [
    `${INIT}execution resource retrieval failed: unable to retrieve secret from asm: … AccessDeniedException: Access to KMS is not allowed: … is not authorized to perform: kms:Decrypt`,
    /Allow kms:Decrypt/,
  ],
  [
    `${INIT}execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 5 time(s): RequestCanceled: request context canceled caused by: context deadline exceeded`,
    /route to Systems Manager/,
  ],
  [
    `${INIT}execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 5 time(s): failed to fetch secret arn:…: RequestCanceled: request context canceled caused by: context deadline exceeded`,
    /route to Secrets Manager/,
  ],
  [
    `${INIT}execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): retrieved secret from Secrets Manager did not contain json key password`,
    /Add the JSON key password to the secret/,
  ],
  [
    `${INIT}execution resource retrieval failed: unable to retrieve secret from asm: invalid character 'p' looking for beginning of value`,
    /not JSON/,
  ],
  [
    `${INIT}unable to retrieve secret from asm: ResourceNotFoundException: Secrets Manager can't find the specified secret.`,
    /Create the secret or parameter in this region/,
  ],
  [`${INIT}unable to retrieve secrets from ssm: invalid ssm parameters: /prod/db`, /Create the secret or parameter/],
  [
    'ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: mount.nfs4: Connection timed out : unsuccessful EFS utils command execution; code: 32',
    /EFS file system: a mount target .*port 2049/,
  ],
  [
    'ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1',
    /Create the log group/,
  ],
  [
    'ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: RequestError: send request failed caused by: Post "https://logs.eu-west-1.amazonaws.com/": dial tcp 10.0.0.3:443: i/o timeout',
    /route to CloudWatch Logs/,
  ],
  ['ResourceInitializationError: something new', /task execution role and the task’s route/],
  [
    'CannotStartContainerError: Error response from daemon: OCI runtime create failed: exec: "serve": executable file not found in $PATH: unknown',
    /entry point/,
  ],
  ['Timeout waiting for network interface provisioning to complete.', /free addresses/],
  ['Capacity is unavailable at this time. Please try again later or in a different availability zone.', /Add capacity/],
  [
    '(service web) was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance x) has insufficient memory available.',
    /Add capacity/,
  ],
  [
    '(service web) was unable to stop or start tasks during a deployment because of the service deployment configuration.',
    /maximumPercent/,
  ],
  ['target 10.0.1.5:8080 is unhealthy (Target.Timeout: Request timed out)', /listens on the port/],
  [
    'target is unhealthy (Target.ResponseCodeMismatch: Health checks failed with these codes: [404])',
    /health check path/,
  ],
])('the next step for "%s"', (text, expected) => {
  expect(findFailureHint(text)).toMatch(expected);
});

test('is left out where nothing is known', () => {
  expect(findFailureHint('it rained')).toBeNull();
});
