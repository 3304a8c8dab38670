/** What people call a target of this cloud, in the form of `squeeze`. */
export const awsAliases: readonly (readonly [string, string])[] = [
  ['aws', 'ecs'],
  ['awsecs', 'ecs'],
  ['amazonecs', 'ecs'],
  ['fargate', 'ecs'],
];

/** Inputs of aws-actions/amazon-ecs-deploy-task-definition -> the next step. */
export const awsInputsElsewhere: readonly (readonly [string, string])[] = [
  ['containername', 'It is called `container` here.'],
  ['taskdefinition', 'Remove it: the task definition that serves is taken, with the new image in it.'],
  ['taskdefinitionfamily', 'Remove it: the task definition that serves is taken, with the new image in it.'],
  ['waitforservicestability', 'Remove it: every deployment is waited for, within `timeout`.'],
  ['waitforminutes', 'It is called `timeout` here, such as `30m`.'],
  ['forcenewdeployment', 'It is called `force` here.'],
  ['codedeployappname', 'Write `strategy: blue-green` or `strategy: canary`.'],
  ['codedeploydeploymentgroup', 'Write `strategy: blue-green` or `strategy: canary`.'],
  ['codedeployappspec', 'Write `strategy: blue-green` or `strategy: canary`.'],
  [
    'clustername',
    'It is called `cluster` here (`eks-cluster`, `gke-cluster` or `aks-cluster` with `target: kubernetes`).',
  ],
  ['awsregion', 'It is called `region` here.'],
  ['ecscluster', 'It is called `cluster` here.'],
  ['ecsservice', 'It is called `service` here.'],
  ['desiredcount', 'Remove it: the number of tasks stays as it is.'],
  ['codedeployapplication', 'Write `strategy: blue-green` or `strategy: canary`.'],
  ['envfiles', 'It is called `environment-file` here.'],
  ...['roletoassume', 'awsaccesskeyid', 'awssecretaccesskey', 'awssessiontoken'].map(
    (name) => [name, 'Run aws-actions/configure-aws-credentials before this step, with it.'] as const,
  ),
];
