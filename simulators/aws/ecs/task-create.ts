import type { JsonObject } from '../../json.ts';
import { readObject, readObjects, readString } from '../json.ts';
import { type AwsWorld, arnOf } from '../world.ts';
import type { Deployment, Service, Task, TaskContainer } from './state.ts';

/** A task as it is a moment after the scheduler decided to start it. */
export function createTask(world: AwsWorld, service: Service, deployment: Deployment): Task {
  const id = world.ids.hex(32);
  const address = service.tasks.length + service.records.length * 16 + 1;
  return {
    id,
    arn: arnOf(world, 'ecs', `task/${service.clusterName}/${id}`),
    ip: `10.0.${(address >> 8) % 256}.${address % 256}`,
    createdAt: world.queue.now,
    revision: deployment.revision,
    startedBy: deployment.id,
    deployment,
    desiredStatus: 'RUNNING',
    lastStatus: 'PROVISIONING',
    pullStartedAt: null,
    pullStoppedAt: null,
    startedAt: null,
    stoppingAt: null,
    executionStoppedAt: null,
    stoppedAt: null,
    failed: false,
    stopCode: null,
    stoppedReason: null,
    containers: readObjects(deployment.revision.taskDefinition.document, 'containerDefinitions').map((definition) => ({
      name: readString(definition, 'name') ?? '',
      image: readString(definition, 'image') ?? '',
      essential: definition['essential'] !== false,
      definition,
      runtimeId: `${id}-${world.ids.digits(10)}`,
      digest: null,
      behaviour: null,
      lastStatus: 'PENDING',
      startedAt: null,
      exitCode: null,
      reason: null,
      requests: 0,
    })),
    probes: [],
    target: 'none',
  };
}

/** Pulls by digest once the revision knows it. @returns what can't be pulled; null: everything is here. */
export function tryPull(world: AwsWorld, task: Task): TaskContainer | null {
  const platform = platformOf(task.revision.taskDefinition.document);
  for (const container of task.containers) {
    if (sendsOtherLogin(container)) return container;
    const known = task.revision.digests.get(container.name);
    const image = known ? `${repositoryOf(container.image)}@${known}` : container.image;
    const pulled = world.images.pull(image, platform);
    if (!pulled) return container;
    task.revision.digests.set(container.name, pulled.digest);
    container.digest = pulled.digest;
    container.behaviour = pulled.behaviour;
  }
  return null;
}

/**
 * The login in `repositoryCredentials` goes before the execution role's own, and ECR knows no other than that:
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/private-auth.html
 */
export function sendsOtherLogin({ definition, image }: TaskContainer): boolean {
  return 'repositoryCredentials' in definition && /^(?:\d{12}\.dkr[.-]ecr[.-]|public\.ecr\.aws\/)/.test(image);
}

/** As Fargate: what a task definition doesn't say is X86_64 and LINUX. */
function platformOf(document: JsonObject): string {
  const told = readObject(document, 'runtimePlatform') ?? {};
  const os = readString(told, 'operatingSystemFamily')?.startsWith('WINDOWS') ? 'windows' : 'linux';
  return `${os}/${readString(told, 'cpuArchitecture') === 'ARM64' ? 'arm64' : 'amd64'}`;
}

function repositoryOf(image: string): string {
  return (image.split('@')[0] ?? image).replace(/:[^/:]*$/, '');
}
