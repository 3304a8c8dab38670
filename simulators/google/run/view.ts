import type { JsonObject } from '../../json.ts';
import { toTime, withoutDefaults } from '../json.ts';
import type { GoogleWorld } from '../world.ts';
import { serviceConditionsOf, terminalConditionOf } from './conditions.ts';
import { hostnamesOf, logsUrlOf, revisionNameOf, serviceNameOf } from './names.ts';
import { revisionConditionsOf } from './revision-conditions.ts';
import { isReconciling, type Revision, type Route, type Service } from './state.ts';

/** https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services#Service */
export function viewService(world: GoogleWorld, service: Service): JsonObject {
  const [main, other] = hostnamesOf(world, service);
  const hasAddress = service.config['defaultUriDisabled'] !== true;
  const nameOf = (revision: Revision | null): string => (revision?.visible ? revisionNameOf(world, revision) : '');
  return withoutDefaults({
    ...service.config,
    name: serviceNameOf(world, service),
    uid: service.uid,
    generation: String(service.generation),
    createTime: toTime(service.createdAt),
    updateTime: toTime(service.updatedAt),
    creator: service.creator,
    lastModifier: service.lastModifier,
    observedGeneration: service.observedGeneration === 0 ? '' : String(service.observedGeneration),
    terminalCondition: terminalConditionOf(service),
    conditions: serviceConditionsOf(service),
    latestReadyRevision: nameOf(service.latestReady),
    latestCreatedRevision: nameOf(service.latestCreated?.visible ? service.latestCreated : service.latestReady),
    trafficStatuses: service.routes.map((route) => viewRoute(main, route)),
    uri: hasAddress ? `https://${main}` : '',
    urls: hasAddress ? [`https://${other}`, `https://${main}`] : [],
    // Absent when false, as every false is.
    reconciling: isReconciling(service),
    etag: service.etag,
  });
}

/** https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services.revisions#Revision */
export function viewRevision(world: GoogleWorld, service: Service, revision: Revision): JsonObject {
  const { scaling, ...template } = revision.template;
  return withoutDefaults({
    ...template,
    scaling,
    containers: template['containers'],
    name: revisionNameOf(world, revision),
    uid: `${service.uid.slice(0, 24)}${String(revision.generation).padStart(12, '0')}`,
    generation: '1',
    createTime: toTime(revision.createdAt),
    updateTime: toTime(revision.settledAt ?? revision.createdAt),
    launchStage: service.config['launchStage'] ?? 'GA',
    service: service.id,
    reconciling: revision.state === 'pending',
    conditions: revisionConditionsOf(service, revision),
    observedGeneration: '1',
    logUri: logsUrlOf(world, revision),
    etag: `"${Buffer.from(`${revision.id}/${revision.state}`).toString('base64url')}"`,
  });
}

/**
 * https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services#TrafficTargetStatus
 * A row for the latest revision doesn't say which one that is: seen in the Terraform states of real services.
 */
function viewRoute(hostname: string, { kind, revision, percent, tag }: Route): JsonObject {
  return withoutDefaults({
    type: kind === 'latest' ? 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST' : 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION',
    revision: kind === 'latest' ? '' : revision.id,
    percent,
    tag,
    uri: tag === '' ? '' : `https://${tag}---${hostname}`,
  });
}
