import { gitHubRules, type Rule } from './rules.ts';

const ids = (kind: string, line: string) => line.match(new RegExp(`\\b${kind}/[\\w-]+`, 'g')) ?? [];

/** What each command of the guide needs, and makes. */
export const awsRules: readonly Rule[] = [
  ...gitHubRules,
  { call: /^aws (sts get-caller-identity|ec2 describe-(vpcs|subnets)|iam get-(role|open-id))/, effect: () => ({}) },
  { call: /^aws iam create-open-id-connect-provider /, effect: () => ({ makes: ['oidc-provider'] }) },
  { call: /^aws iam create-service-linked-role /, effect: () => ({ makes: ['service-linked-role'] }) },
  { call: /^aws ecr create-repository /, effect: ({ of }) => ({ makes: [`ecr/${of('--repository-name')}`] }) },
  {
    call: /^aws ecr delete-repository .*--force/,
    effect: ({ of }) => ({ removes: [`ecr/${of('--repository-name')}`] }),
  },
  {
    call: /^aws iam create-role /,
    effect: ({ of }) => {
      const [statement] = (
        JSON.parse(of('--assume-role-policy-document')) as { Statement: readonly { Principal: object }[] }
      ).Statement;
      return {
        needs: 'Federated' in statement!.Principal ? ['oidc-provider'] : [],
        makes: [`role/${of('--role-name')}`],
      };
    },
  },
  {
    call: /^aws iam (attach|detach)-role-policy /,
    effect: ({ line, of }) => {
      const attachment = `attached/${of('--role-name')}/${of('--policy-arn')}`;
      const role = `role/${of('--role-name')}`;
      return line.includes('detach') ? { removes: [attachment] } : { needs: [role], makes: [attachment] };
    },
  },
  {
    call: /^aws iam put-role-policy /,
    effect: ({ of }) => {
      JSON.parse(of('--policy-document'));
      const name = of('--role-name');
      return { needs: [`role/${name}`], makes: [`attached/${name}/${of('--policy-name')}`] };
    },
  },
  {
    call: /^aws iam delete-role-policy /,
    effect: ({ of }) => ({ removes: [`attached/${of('--role-name')}/${of('--policy-name')}`] }),
  },
  {
    call: /^aws iam delete-role /,
    effect: ({ of }) => ({ removes: [`role/${of('--role-name')}`], blockedBy: [`attached/${of('--role-name')}/`] }),
  },
  { call: /^aws ecs create-cluster /, effect: ({ of }) => ({ makes: [`cluster/${of('--cluster-name')}`] }) },
  {
    call: /^aws ecs delete-cluster /,
    effect: ({ of }) => ({ removes: [`cluster/${of('--cluster')}`], blockedBy: [`service/${of('--cluster')}/`] }),
  },
  { call: /^aws logs create-log-group /, effect: ({ of }) => ({ makes: [`log${of('--log-group-name')}`] }) },
  { call: /^aws logs put-retention-policy /, effect: ({ of }) => ({ needs: [`log${of('--log-group-name')}`] }) },
  { call: /^aws logs delete-log-group /, effect: ({ of }) => ({ removes: [`log${of('--log-group-name')}`] }) },
  { call: /^aws ec2 create-security-group /, effect: ({ of }) => ({ makes: [`sg/${of('--group-name')}`] }) },
  {
    call: /^aws ec2 authorize-security-group-ingress /,
    effect: ({ of }) => {
      const source = of('--source-group');
      const needs = [of('--group-id'), ...(source === '' ? [] : [source])];
      return {
        needs,
        makes: source === '' ? [] : [`${of('--group-id')}/from/${source}`, `used/${source}/${of('--group-id')}`],
      };
    },
  },
  {
    // A group that another one names, or that something is in, can't be deleted.
    call: /^aws ec2 delete-security-group /,
    effect: ({ of }) => {
      const group = of('--group-id');
      const isSource = group.endsWith('-balancer');
      const rule = `used/${group.replace('-tasks', '-balancer')}/${group}`;
      return { removes: isSource ? [group] : [group, rule], blockedBy: [`used/${group}/`] };
    },
  },
  {
    call: /^aws ec2 describe-security-groups /,
    effect: ({ line }) => ({ needs: [`sg/${/group-name,Values=([^ ]+)/.exec(line)![1]}`] }),
  },
  { call: /^aws elbv2 create-target-group /, effect: ({ of }) => ({ makes: [`tg/${of('--name')}`] }) },
  {
    call: /^aws elbv2 create-load-balancer /,
    effect: ({ of }) => {
      const group = of('--security-groups');
      return { needs: [group], makes: [`lb/${of('--name')}`, `used/${group}/lb/${of('--name')}`] };
    },
  },
  {
    call: /^aws elbv2 create-listener /,
    effect: ({ line, of }) => ({
      needs: [of('--load-balancer-arn'), ...ids('tg', line)],
      makes: ids('tg', line).map((group) => `listener/${group}`),
    }),
  },
  {
    call: /^aws elbv2 delete-load-balancer /,
    effect: ({ of }) => {
      const name = of('--load-balancer-arn').slice(3);
      return { removes: [`lb/${name}`, `listener/tg/${name}`, `used/sg/${name}-balancer/lb/${name}`] };
    },
  },
  {
    call: /^aws elbv2 wait load-balancers-deleted /,
    effect: ({ of }) => ({ blockedBy: [of('--load-balancer-arns')] }),
  },
  {
    call: /^aws elbv2 delete-target-group /,
    effect: ({ of }) => ({ removes: [of('--target-group-arn')], blockedBy: [`listener/${of('--target-group-arn')}`] }),
  },
  { call: /^aws elbv2 describe-target-groups /, effect: ({ of }) => ({ needs: [`tg/${of('--names')}`] }) },
  { call: /^aws elbv2 describe-load-balancers /, effect: ({ of }) => ({ needs: [`lb/${of('--names')}`] }) },
  {
    call: /^aws ecs register-task-definition /,
    effect: ({ of }) => {
      const definition = of('--cli-input-json');
      const task = JSON.parse(definition) as {
        readonly family: string;
        readonly containerDefinitions: readonly {
          readonly logConfiguration: { readonly options: Record<string, string> };
        }[];
      };
      const logs = task.containerDefinitions.map(
        ({ logConfiguration }) => `log${logConfiguration.options['awslogs-group']}`,
      );
      return { needs: [...ids('role', definition), ...logs], makes: [`taskdef/${task.family}`] };
    },
  },
  {
    call: /^aws ecs create-service /,
    effect: ({ line, of }) => {
      const [group] = ids('sg', line);
      const listeners = ids('tg', line).map((each) => `listener/${each}`);
      const name = `service/${of('--cluster')}/${of('--service-name')}`;
      const needs = [`cluster/${of('--cluster')}`, `taskdef/${of('--task-definition')}`, group!, ...listeners];
      return { needs: [...needs, 'service-linked-role'], makes: [name, `used/${group}/service/${of('--cluster')}`] };
    },
  },
  {
    call: /^aws ecs wait services-stable /,
    effect: ({ of }) => ({ needs: [`service/${of('--cluster')}/${of('--services')}`] }),
  },
  {
    call: /^aws ecs delete-service .*--force/,
    effect: ({ of }) => {
      const group = `used/sg/${of('--service')}-${of('--cluster')}-tasks`;
      return { removes: [`service/${of('--cluster')}/${of('--service')}`, `${group}/service/${of('--cluster')}`] };
    },
  },
  { call: /^aws ecs wait services-inactive /, effect: ({ of }) => ({ blockedBy: [`service/${of('--cluster')}/`] }) },
  { call: /^aws ecs list-task-definitions /, effect: ({ of }) => ({ needs: [`taskdef/${of('--family-prefix')}`] }) },
  {
    call: /^aws ecs deregister-task-definition /,
    effect: ({ of }) => ({ removes: [of('--task-definition').replace(/:\d+$/, '')] }),
  },
];
