import { otherPolicyHint } from '../denied-by.ts';

/**
 * Messages of ECS, ELB and containers -> the next step; null: none of them is known. AWS's prefix says in which phase a
 * start failed, not why: `ResourceInitializationError` covers the network, permissions, secrets, volumes and log groups.
 */
export function findFailureHint(text: string): string | null {
  const other = otherPolicyHint(text, 'the task execution role');
  if (other) return other;
  for (const [pattern, hint] of HINTS) {
    const found = pattern.exec(text);
    if (found) return typeof hint === 'string' ? hint : hint(found);
  }
  return null;
}

type Hint = readonly [RegExp, string | ((found: RegExpExecArray) => string)];

// Of AWS's own services, with what a private subnet needs to reach them.
const ROUTES: Readonly<Record<string, string>> = {
  ecr: 'ECR (VPC endpoints ecr.api, ecr.dkr and a gateway endpoint for S3)',
  secretsmanager: 'Secrets Manager (VPC endpoint secretsmanager)',
  ssm: 'Systems Manager (VPC endpoint ssm)',
  logs: 'CloudWatch Logs (VPC endpoint logs)',
  registry: 'the registry',
};

function routeTo(service: string): string {
  return `Give the task’s subnet a route to ${ROUTES[service]}: a NAT gateway, a public IP, or the VPC endpoint; the security groups have to allow port 443.`;
}

const UNREACHABLE =
  '(?:i/o timeout|timed? ?out|deadline exceeded|context canceled|connection re(?:set|fused)|no route to host|no such host|dial tcp|signal: killed)';

/** The cause before the phase, and the particular before the general. */
const HINTS: readonly Hint[] = [
  [
    /not authorized to perform:?\s+([a-z0-9-]+:[A-Za-z*]+)/i,
    ([, action]) => `Allow ${action} in the task execution role (executionRoleArn), on this resource.`,
  ],
  [
    /toomanyrequests|too many requests|pull rate limit/i,
    'The registry limits anonymous pulls: deploy a copy of the image (`copy-to` with an ECR repository), or use a pull-through cache with credentials.',
  ],
  [
    /no space left on device|disk quota exceeded/i,
    'The image does not fit on the disk: raise ephemeralStorage of the task definition (Fargate), free space on the container instance, or make the image smaller.',
  ],
  [
    /did not contain json key\s*"?([\w.-]+)?/i,
    ([, key]) =>
      `Add the JSON key${key ? ` ${key}` : ''} to the secret, or correct the key in its reference (ARN:KEY::).`,
  ],
  [
    /invalid character .* looking for beginning of|cannot unmarshal/i,
    'The secret’s value is not JSON, and its reference names a key of it: store JSON, or leave the key out of the reference.',
  ],
  [
    /can't find the specified secret|invalid ssm parameters|ParameterNotFound/i,
    'Create the secret or parameter in this region, or correct its name in the task definition.',
  ],
  [
    /\bEFS\b|mount\.nfs4|file system/i,
    'Check the EFS file system: a mount target in the task’s subnet, a security group that allows port 2049 from the task, and the access point and IAM authorization of the volume.',
  ],
  [
    /log group does not exist/i,
    'Create the log group, or give the task execution role logs:CreateLogGroup with awslogs-create-group.',
  ],
  [
    new RegExp(`registry auth: .*secrets?manager.*${UNREACHABLE}|from asm.*${UNREACHABLE}`, 'is'),
    routeTo('secretsmanager'),
  ],
  [new RegExp(`(?:from ssm|ssm\\.[\\w.-]+amazonaws).*${UNREACHABLE}`, 'is'), routeTo('ssm')],
  [new RegExp(`(?:logger args|log stream|logs\\.[\\w.-]+amazonaws).*${UNREACHABLE}`, 'is'), routeTo('logs')],
  [new RegExp(`(?:ecr registry auth|api\\.ecr\\.|dkr\\.ecr|dkr-ecr).*${UNREACHABLE}`, 'is'), routeTo('ecr')],
  [
    /pull command failed: : signal: killed/i,
    'The pull took too long and was ended: give the task’s subnet a faster route to the registry, or make the image smaller.',
  ],
  [
    /no matching manifest|image Manifest does not contain descriptor matching platform|exec format error|CannotPull\w*Error.*platform/is,
    'Build the image for the CPU architecture of the task definition’s runtimePlatform.',
  ],
  [new RegExp(`CannotPull\\w*Error.*${UNREACHABLE}`, 'is'), routeTo('registry')],
  [
    /CannotPull\w*Error.*(?:not found|manifest unknown|does not exist)/is,
    'Check that the image exists in the registry: a lifecycle rule may have deleted it, or its name is wrong. In a pull-through cache, the first pull of an image needs ecr:BatchImportUpstreamImage in the task execution role, and ecr:CreateRepository where the repository is new.',
  ],
  [
    /CannotPull\w*Error/i,
    'Check that the image exists in the registry and that the task execution role may pull it (AmazonECSTaskExecutionRolePolicy); a repository of another account has to allow that in its own policy; another registry needs repositoryCredentials.',
  ],
  [
    /network interface|\bENI\b/i,
    'Check that the subnets have free addresses and that the account’s limit of network interfaces is not reached; such a failure may pass by itself.',
  ],
  [
    /already using a port required by your task/i,
    'The task’s host port is in use on each container instance: lower minimumHealthyPercent, so that ECS may stop a task first, add a container instance, or use a dynamic port (hostPort 0).',
  ],
  [
    /capacity is unavailable|RESOURCE:|no container instance met/i,
    'Add capacity: more subnets (availability zones), FARGATE beside FARGATE_SPOT, or more container instances.',
  ],
  [
    /ResourceInitializationError.*(?:secret|ssm|parameter)/is,
    'Check that each secret exists and that the task execution role may read it (secretsmanager:GetSecretValue or ssm:GetParameters).',
  ],
  [
    /ResourceInitializationError.*(?:log|awslogs)/is,
    'Check the log configuration of the task definition: its group, region and options.',
  ],
  [
    /ResourceInitializationError/i,
    'Check the task execution role and the task’s route to AWS services (NAT or VPC endpoints).',
  ],
  [
    /OutOfMemory|exit code 137/i,
    'The container was killed, most likely out of memory: raise the memory of the task or the container.',
  ],
  [
    /exit code 139/i,
    'The container crashed (segmentation fault): check that the image fits the CPU architecture and its native libraries.',
  ],
  [
    /executable file not found|exit code 12[67]|CannotStart\w*Error.*(?:no such file|permission denied|OCI runtime)/is,
    'The container’s command could not be run: check its entry point, and that the file is there and executable.',
  ],
  [
    /TargetGroupNotFound|target group does not exist/i,
    'Create the service’s target group again, or give the service another one, then run again.',
  ],
  [
    /unable to stop or start tasks during a deployment/i,
    'Raise maximumPercent or lower minimumHealthyPercent of the service, then run again.',
  ],
  [
    /ResponseCodeMismatch|health checks? failed with these codes/i,
    'The health check path answers with another status: check the path and the matcher of the target group.',
  ],
  [
    /failed ELB health checks|Target\.(?:Timeout|FailedHealthChecks)/i,
    'Check that the container listens on the port of the task definition, on all interfaces, and that security groups let the load balancer in; raise the health check grace period for a slow start.',
  ],
  [
    /failed container health checks/i,
    'Run the container’s health check command inside the image: it fails or takes too long.',
  ],
  [/exit code \d+|EssentialContainerExited/i, 'Read the container’s last log lines: it exited by itself.'],
];
