import path from 'node:path';
import type { JsonObject } from '../../../simulators/aws/json.ts';
import type { AppOptions } from '../../../simulators/azure/add-app.ts';
import {
  CLIENT_ID,
  REGISTRY_HOST,
  RESOURCE_GROUP,
  SUBSCRIPTION,
  TENANT,
} from '../../../simulators/azure/azure-cloud.ts';
import type { Behaviour } from '../../../simulators/behaviour.ts';
import { buildImage } from '../../../simulators/images.ts';
import { runStage, type StageOptions } from '../../../simulators/runner.ts';
import { openWorld, type World } from '../../../simulators/world.ts';
import type { Order } from '../../fixtures/azure/orders.ts';
import { parseLines } from '../../fixtures/stage/open-stage.ts';

export const APP = 'agent';
export const APP_PATH = `/subscriptions/${SUBSCRIPTION}/resourceGroups/${RESOURCE_GROUP}/providers/Microsoft.App/containerApps/${APP}`;

export interface OrderResult {
  readonly startedAt: number;
  readonly tookMs: number;
  // What a client returned, whatever its shape.
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into it by name.
  readonly value?: any;
  readonly error?: {
    readonly name: string;
    readonly code?: string;
    readonly status?: number;
    readonly message: string;
  };
}

/** A world with an app in it, and Microsoft's own clients in a process of their own. */
export interface AzureStage {
  readonly world: World;
  readonly url: string;
  image(tag: string, behaviour?: Partial<Behaviour>): string;
  /** One result for each order. @throws Error when the process failed. */
  order(orders: readonly Order[], more?: Partial<StageOptions>): Promise<OrderResult[]>;
  close(): Promise<void>;
}

export async function openAzureStage(options: Partial<AppOptions> = {}): Promise<AzureStage> {
  const world = await openWorld();
  const image = (tag: string, behaviour: Partial<Behaviour> = {}): string => {
    const built = buildImage({ seed: tag, behaviour: { version: tag, ...behaviour } });
    world.azure.acr.seed(APP, tag, built);
    return `${REGISTRY_HOST}/${APP}@${built.digest}`;
  };
  const { url } = world.azure.addApp({ name: APP, image: image('v1'), ...options });
  return {
    world,
    url,
    image,
    async order(orders, more = {}) {
      const env = {
        ...world.edge.env,
        ...world.github.env,
        NODE_USE_ENV_PROXY: '1',
        AZURE_TENANT_ID: TENANT,
        AZURE_CLIENT_ID: CLIENT_ID,
        AZURE_SUBSCRIPTION_ID: SUBSCRIPTION,
        RESOURCE_GROUP,
      };
      const entry = path.resolve(import.meta.dirname, '../../fixtures/azure/orders.ts');
      const result = await runStage({
        entry,
        inputs: { orders: JSON.stringify(orders) },
        ...more,
        env: { ...env, ...more.env },
      });
      if (result.exitCode !== 0) throw new Error(result.log);
      return parseLines<OrderResult>(result.log);
    },
    async close() {
      await world.close();
    },
  };
}

/** PATCH of the app, as the client has it; the fields that it doesn't know would be lost, so tests send them raw. */
export const update = (properties: JsonObject): Order => ({
  call: 'containerApps.update',
  args: [APP, { location: 'westeurope', ...properties }],
});

export const patch = (properties: JsonObject): Order => ({
  call: 'arm',
  method: 'PATCH',
  url: `https://management.azure.com${APP_PATH}?api-version=2025-07-01`,
  body: { properties },
});

export const getApp: Order = { call: 'containerApps.get', args: [APP] };

export const getRevision = (suffix: string): Order => ({
  call: 'containerAppsRevisions.getRevision',
  args: [APP, `${APP}--${suffix}`],
});

/** GET of a revision, once a second, until the answer has these words. */
export const revisionUntil = (suffix: string, until: string): Order => ({
  call: 'arm',
  url: `https://management.azure.com${APP_PATH}/revisions/${APP}--${suffix}?api-version=2025-07-01`,
  until,
});

export const template = (image: string, revisionSuffix: string | null, more: JsonObject = {}): JsonObject => ({
  template: { revisionSuffix, containers: [{ name: APP, image, resources: { cpu: 0.5, memory: '1Gi' }, ...more }] },
});

export const traffic = (...entries: readonly JsonObject[]): JsonObject => ({
  configuration: { ingress: { traffic: entries } },
});
