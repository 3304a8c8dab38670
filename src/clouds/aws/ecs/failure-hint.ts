/** Messages of ECS, ELB and containers -> the next step; null: none of them is known. */
export function findFailureHint(text: string): string | null {
  return HINTS.find(([pattern]) => pattern.test(text))?.[1] ?? null;
}

const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /CannotPull\w*Error.*(?:platform|no matching manifest)/is,
    'Build the image for the CPU architecture of the task definition’s runtimePlatform.',
  ],
  [
    /CannotPull\w*Error.*(?:timeout|timed out|deadline exceeded|dial tcp)/is,
    'Give the task’s subnet a route to the registry: a NAT gateway, a public IP, or VPC endpoints for ECR and S3.',
  ],
  [
    /CannotPull\w*Error/i,
    'Check that the image exists in the registry and that the task execution role may pull it (AmazonECSTaskExecutionRolePolicy).',
  ],
  [
    /ResourceInitializationError.*(?:secret|ssm|parameter)/is,
    'Check that each secret exists and that the task execution role may read it (secretsmanager:GetSecretValue or ssm:GetParameters).',
  ],
  [
    /ResourceInitializationError.*(?:log|awslogs)/is,
    'Create the log group, or give the task execution role logs:CreateLogGroup, and give the subnet a route to CloudWatch Logs.',
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
    /exit code 12[67]/i,
    'The container’s command could not be run: check its entry point, and that the file is there and executable.',
  ],
  [
    /TargetGroupNotFound|target group does not exist/i,
    'Create the service’s target group again, or give the service another one, then run again.',
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
  [/exit code \d+|EssentialContainerExited/i, 'Read the container’s last log lines below: it exited by itself.'],
];
