import type { Entries } from '../../simulators/agent.ts';
import { CLUSTER, openAgentService, REPOSITORY, SERVICE } from '../../simulators/agent-service.ts';
import type { Service } from '../../simulators/aws/ecs/state.ts';
import { buildImage } from '../../simulators/images.ts';
import { type JsonObject, objectsAt, textAt } from '../../simulators/json.ts';
import { ECR_HOST } from '../../simulators/world.ts';
import { SECRETS } from '../secrets.ts';
import type { TargetStage } from './target.ts';

const V1 = buildImage({ seed: 'v1', platform: 'linux/amd64', behaviour: { version: 'v1' } });

/** What is deployed has the variable already, so another user's deployment has it too. */
function containerOf(digest: string): JsonObject {
  return {
    name: 'app',
    image: `${ECR_HOST}/${REPOSITORY}@${digest}`,
    portMappings: [{ containerPort: 8080, hostPort: 8080, protocol: 'tcp' }],
    environment: [{ name: 'DATABASE_URL', value: SECRETS.environment }],
  };
}

export async function openEcs(entries: Entries): Promise<TargetStage> {
  const agent = await openAgentService({ entries, service: { containers: [containerOf(V1.digest)] } });
  const { aws, ecr } = agent.world;
  // What is due happens when it is looked at.
  const look = (): Service => {
    aws.setService(CLUSTER, SERVICE, {});
    return aws.ecs.services[0]!;
  };
  const versionOf = (image: string): string => ecr.pull(image, 'linux/amd64')?.behaviour.version ?? '?';
  const digests = new Map<string, string>();
  const first = look().taskDefinition.arn;
  return {
    agent,
    publish(version, behaviour) {
      const image = buildImage({ seed: version, behaviour: { version, ...behaviour } });
      ecr.seed(REPOSITORY, version, image);
      digests.set(image.digest, version);
      return `${ECR_HOST}/${REPOSITORY}:${version}`;
    },
    shares() {
      const serving = look().tasks.filter(
        ({ target, lastStatus }) => target === 'registered' && lastStatus === 'RUNNING',
      );
      return serving.map(({ containers }) => ({
        version: containers[0]?.behaviour?.version ?? '?',
        percent: 100 / serving.length,
      }));
    },
    names() {
      const image = (document: (typeof aws.ecs.taskDefinitions)[number]['document']): string =>
        textAt(objectsAt(document, 'containerDefinitions')[0]!, 'image');
      const { taskDefinitions } = aws.ecs;
      return new Map([
        ...digests,
        ...taskDefinitions.map(({ arn, document }) => [arn, versionOf(image(document))] as const),
      ]);
    },
    foreignDeploy: (image) => aws.foreignDeploy(CLUSTER, SERVICE, image),
    foreignPreview: null,
    release: null,
    deactivate: null,
    reapply: () => aws.foreignDeploy(CLUSTER, SERVICE, first),
  };
}
