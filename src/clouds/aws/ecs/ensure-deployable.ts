import type { Service } from '@aws-sdk/client-ecs';
import { DeployError } from '../../../model/errors.ts';
import type { EcsService } from './service.ts';

/** What can't end well is refused before it begins. @throws DeployError UNSUPPORTED */
export function ensureDeployable(ecs: EcsService, service: Service): void {
  refuseNoTasks(ecs, service);
  refuseNoRoom(ecs, service);
}

/** Without a task nothing shows whether a change works, and ECS calls it successful at once. */
function refuseNoTasks(ecs: EcsService, service: Service): void {
  if (service.desiredCount !== 0) return;
  if (ecs.allowsEmpty) {
    if (!ecs.warned.has(EMPTY)) ecs.io.log.warning(`${ecs.resource}: ${EMPTY}.`);
    ecs.warned.add(EMPTY);
    return;
  }
  const next =
    service.schedulingStrategy === 'DAEMON'
      ? 'Add a container instance to the cluster that the service can run on, then run again.'
      : `Scale it up (aws ecs update-service --cluster ${ecs.cluster} --service ${ecs.service} --region ${ecs.region} --desired-count 1), then run again.`;
  const why = 'its desired count is 0, so no task would show whether the change works';
  const hint = `${next} To deploy without any test, set \`allow-empty: true\`.`;
  throw new DeployError('UNSUPPORTED', `could not deploy to ${ecs.resource}: ${why}`, { hint });
}

const EMPTY = 'its desired count is 0: nothing runs, so nothing is tested';

/**
 * ECS rounds the minimum up and the maximum down, so that it may be allowed neither to stop a task nor to start one, and waits
 * without an end. https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html
 */
function refuseNoRoom(ecs: EcsService, service: Service): void {
  const { desiredCount: desired = 0, schedulingStrategy, deploymentConfiguration: configured } = service;
  if (schedulingStrategy === 'DAEMON' || (configured?.strategy ?? 'ROLLING') !== 'ROLLING') return;
  const minimum = configured?.minimumHealthyPercent ?? 100;
  const maximum = configured?.maximumPercent ?? 200;
  if (desired === 0) return;
  const [least, most] = [Math.ceil((desired * minimum) / 100), Math.floor((desired * maximum) / 100)];
  if (least < desired || most > desired) return;
  const tasks = desired === 1 ? '1 task' : `${desired} tasks`;
  const why =
    `with ${tasks}, minimumHealthyPercent ${minimum} keeps ${least} running and maximumPercent ${maximum} allows ${most}, ` +
    'so that ECS may neither stop a task nor start one';
  throw new DeployError('UNSUPPORTED', `could not deploy to ${ecs.resource}: ${why}`, {
    hint: `Raise the maximum (aws ecs update-service --cluster ${ecs.cluster} --service ${ecs.service} --region ${ecs.region} --deployment-configuration maximumPercent=200,minimumHealthyPercent=${minimum}), then run again.`,
  });
}
