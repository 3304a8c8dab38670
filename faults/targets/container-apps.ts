import type { Entries } from '../../simulators/agent.ts';
import { deactivate } from '../../simulators/azure/apps/revision-life.ts';
import { weightInForce } from '../../simulators/azure/apps/traffic.ts';
import { ArmError } from '../../simulators/azure/arm-error.ts';
import { REGISTRY_HOST } from '../../simulators/azure/azure-cloud.ts';
import { APP, openContainerAppsAgent, REPOSITORY } from '../../simulators/container-apps-agent.ts';
import { buildImage } from '../../simulators/images.ts';
import { type JsonObject, objectAt, objectsAt, textAt } from '../../simulators/json.ts';
import type { Row } from '../rows.ts';
import type { TargetStage } from './target.ts';

export async function openContainerApps(entries: Entries, form: Row['form']): Promise<TargetStage> {
  const app = {
    ...(form === 'single' ? { mode: 'Single' as const } : {}),
    ...(form === 'by-name' ? { revisionSuffix: 'one' } : {}),
  };
  const agent = await openContainerAppsAgent({ entries, app });
  const { azure, clock } = agent.world;
  if (form === 'by-name') {
    azure.foreignTraffic(APP, [{ revisionName: `${APP}--one`, weight: 100 }]);
    await clock.advance(30_000);
  }
  const { document } = azure.findApp(APP);
  const properties = objectAt(document, 'properties');
  const template = objectAt(properties, 'template');
  const traffic = objectsAt(document, 'properties', 'configuration', 'ingress', 'traffic');
  const versions = new Map<string, string>();
  const versionOf = (image: string): string => {
    const version = versions.get(image) ?? azure.acr.pull(image, 'linux/amd64')?.behaviour.version ?? '?';
    versions.set(image, version);
    return version;
  };
  const imageOf = (from: JsonObject): string => textAt(objectsAt(from, 'containers')[0]!, 'image');
  const digests = new Map([[imageOf(template).slice(imageOf(template).indexOf('@') + 1), 'v1']]);
  /** The platform takes one change at a time: a user who meets a conflict tries again. */
  let foreignAt: number | null = null;
  const change = (make: () => JsonObject): void => {
    const attempt = (): boolean => {
      if (azure.findApp(APP).operation) return false;
      try {
        azure.foreignChange(APP, make());
        foreignAt = agent.world.edge.calls.length;
      } catch (error) {
        // What they ask for can't be done any more: it names a revision that is not active.
        if (!(error instanceof ArmError) || error.status !== 400) throw error;
        foreignAt = 0;
      }
      return true;
    };
    if (attempt()) return;
    const stop = clock.every(1_000, async () => {
      if (attempt()) stop();
    });
  };
  const withImage = (image: string): JsonObject => {
    const [first, ...rest] = objectsAt(template, 'containers');
    return { ...template, revisionSuffix: null, containers: [{ ...first, image }, ...rest] };
  };
  return {
    agent,
    publish(version, behaviour) {
      const image = buildImage({ seed: version, behaviour: { version, ...behaviour } });
      azure.acr.seed(REPOSITORY, version, image);
      digests.set(image.digest, version);
      return `${REGISTRY_HOST}/${REPOSITORY}:${version}`;
    },
    shares() {
      const found = azure.findApp(APP);
      const weights = found.revisions.map((revision) => ({
        version: versionOf(imageOf(revision.template)),
        percent: weightInForce(found, revision),
      }));
      return weights.filter(({ percent }) => percent > 0);
    },
    names: () => {
      const revisions = azure
        .findApp(APP)
        .revisions.map(({ name, template: own }) => [name, versionOf(imageOf(own))] as const);
      return new Map([...digests, ...revisions]);
    },
    foreignDeploy: (image) => change(() => ({ properties: { template: withImage(image) } })),
    foreignPreview:
      form === 'single'
        ? null
        : (image) =>
            change(() => {
              const found = azure.findApp(APP);
              const serving = found.revisions.filter((revision) => weightInForce(found, revision) > 0);
              // A label of theirs: what serves is named from then on, and not by us.
              const named = serving.map((revision, index) => ({
                revisionName: revision.name,
                weight: weightInForce(found, revision),
                ...(index === 0 ? { label: 'colleague' } : {}),
              }));
              return {
                properties: { template: withImage(image), configuration: { ingress: { traffic: named } } },
              };
            }),
    foreignAt: () => foreignAt,
    release: () =>
      change(() => {
        const rows = objectsAt(azure.findApp(APP).document, 'properties', 'configuration', 'ingress', 'traffic');
        const labelled = rows.filter((entry) => textAt(entry, 'label') !== '' && entry['latestRevision'] !== true);
        const latest = { latestRevision: true, weight: 100 };
        const others = labelled.map((entry) => ({ ...entry, weight: 0 }));
        return { properties: { configuration: { ingress: { traffic: [latest, ...others] } } } };
      }),
    deactivate(name) {
      const found = azure.findApp(APP).revisions.find((revision) => revision.name === name);
      if (found) deactivate(found);
    },
    reapply: () =>
      change(() => ({
        properties: { template: { ...template, revisionSuffix: null }, configuration: { ingress: { traffic } } },
      })),
  };
}
