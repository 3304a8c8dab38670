import {
  DescribeServiceDeploymentsCommand,
  DescribeServicesCommand,
  DescribeTasksCommand,
  ListServiceDeploymentsCommand,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  type Service,
  type ServiceDeployment,
  type Task,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { DescribeTargetHealthCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { CLUSTER, here, SERVICE, type Stage } from './aws-stage.ts';

export async function deploy(stage: Stage, image: string) {
  const portMappings = [{ containerPort: 8080 }];
  const options = { 'awslogs-group': '/ecs/web', 'awslogs-region': 'eu-west-1', 'awslogs-stream-prefix': 'ecs' };
  const logConfiguration = { logDriver: 'awslogs' as const, options };
  const containerDefinitions = [{ name: 'app', image, portMappings, logConfiguration }];
  const registered = await stage.ecs.send(new RegisterTaskDefinitionCommand({ family: 'web', containerDefinitions }));
  const taskDefinition = registered.taskDefinition?.taskDefinitionArn;
  return stage.ecs.send(new UpdateServiceCommand({ ...here, taskDefinition }));
}

export async function describeService(stage: Stage): Promise<Service> {
  const { services } = await stage.ecs.send(new DescribeServicesCommand({ cluster: CLUSTER, services: [SERVICE] }));
  return services?.[0] ?? {};
}

export async function newest(stage: Stage): Promise<ServiceDeployment> {
  const { serviceDeployments } = await stage.ecs.send(new ListServiceDeploymentsCommand(here));
  return read(stage, serviceDeployments?.[0]?.serviceDeploymentArn);
}

export async function read(stage: Stage, arn: string | undefined): Promise<ServiceDeployment> {
  const command = new DescribeServiceDeploymentsCommand({ serviceDeploymentArns: [arn ?? ''] });
  return (await stage.ecs.send(command)).serviceDeployments?.[0] ?? {};
}

export async function waitForEnd(stage: Stage): Promise<ServiceDeployment> {
  stage.advance(5);
  for (let count = 0; count < 200; count += 1) {
    const record = await newest(stage);
    if (record.finishedAt) return record;
    stage.advance(2);
  }
  throw new Error('the rollout did not end within 400 seconds');
}

export async function listTasks(stage: Stage, desiredStatus: 'RUNNING' | 'STOPPED'): Promise<Task[]> {
  const filter = { cluster: CLUSTER, serviceName: SERVICE, desiredStatus };
  const { taskArns = [] } = await stage.ecs.send(new ListTasksCommand(filter));
  if (taskArns.length === 0) return [];
  return (await stage.ecs.send(new DescribeTasksCommand({ cluster: CLUSTER, tasks: taskArns }))).tasks ?? [];
}

export async function targetStates(stage: Stage): Promise<(string | undefined)[]> {
  const TargetGroupArn = (await describeService(stage)).loadBalancers?.[0]?.targetGroupArn;
  const { TargetHealthDescriptions } = await stage.elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }));
  return TargetHealthDescriptions?.map(({ TargetHealth }) => TargetHealth?.State) ?? [];
}
