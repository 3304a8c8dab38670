import type { Entries } from '../../simulators/agent.ts';
import {
  CLOUD_RUN_REGION,
  CLOUD_RUN_SERVICE,
  IMAGE_PATH,
  openCloudRunAgent,
  seedImage,
} from '../../simulators/cloud-run-agent.ts';
import { ingressOf, type Revision } from '../../simulators/google/run/state.ts';
import { type JsonObject, objectsAt } from '../../simulators/json.ts';
import type { TargetStage } from './target.ts';

export async function openCloudRun(entries: Entries): Promise<TargetStage> {
  const agent = await openCloudRunAgent({ entries });
  const { google, artifactRegistry } = agent.world;
  const look = () => google.look(CLOUD_RUN_SERVICE);
  const { template, traffic } = look().config as { template: JsonObject; traffic: readonly JsonObject[] };
  const versionOf = (revision: Revision): string => {
    const { image, behaviour } = ingressOf(revision);
    return (behaviour ?? artifactRegistry.pull(image, 'linux/amd64')?.behaviour)?.version ?? '?';
  };
  const digests = new Map<string, string>();
  return {
    agent,
    publish(version, behaviour) {
      const name = seedImage(agent.world, version, behaviour);
      digests.set(name.slice(name.indexOf('@') + 1), version);
      return `${CLOUD_RUN_REGION}-docker.pkg.dev/${google.project}/${IMAGE_PATH}:${version}`;
    },
    shares() {
      const served = look().routes.filter(({ percent }) => percent > 0);
      return served.map(({ revision, percent }) => ({ version: versionOf(revision), percent }));
    },
    names() {
      const { revisions, routes } = look();
      // The action makes these of the image's digest.
      const tags = routes.filter(({ tag }) => OUR_TAG.test(tag));
      return new Map([
        ...digests,
        ...revisions.map((revision) => [revision.id, versionOf(revision)] as const),
        ...tags.map(({ tag, revision }) => [tag, `tag of ${versionOf(revision)}`] as const),
      ]);
    },
    foreignDeploy: (image) => google.foreignUpdate(CLOUD_RUN_SERVICE, { template: withImage(template, image) }),
    foreignPreview(image) {
      const { routes } = look();
      const serving = routes.filter(({ percent }) => percent > 0);
      const revision = `${CLOUD_RUN_SERVICE}-preview`;
      google.foreignUpdate(CLOUD_RUN_SERVICE, {
        template: { ...withImage(template, image), revision },
        // As `gcloud run deploy --no-traffic --tag`: what serves is named from then on.
        traffic: [
          ...serving.map(({ revision: { id }, percent }) => byName(id, { percent })),
          ...routes.filter(({ tag }) => tag !== '').map(({ revision: { id }, tag }) => byName(id, { tag })),
          byName(revision, { tag: PREVIEW_TAG }),
        ],
      });
    },
    release() {
      const tagged = look().routes.filter(({ tag }) => tag !== '');
      const tags = tagged.map(({ revision: { id }, tag }) => byName(id, { tag }));
      const latest = { type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', percent: 100 };
      google.foreignUpdate(CLOUD_RUN_SERVICE, { traffic: [latest, ...tags] });
    },
    deactivate: null,
    reapply: () => google.foreignUpdate(CLOUD_RUN_SERVICE, { template, traffic }),
  };
}

const OUR_TAG = /^[cl]-/;
export const PREVIEW_TAG = 'colleague';

function withImage(template: JsonObject, image: string): JsonObject {
  const [first, ...others] = objectsAt(template, 'containers');
  return { ...template, containers: [{ ...first, image }, ...others] };
}

function byName(revision: string, more: JsonObject): JsonObject {
  return { type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION', revision, ...more };
}
