import type { ChildProcess } from 'node:child_process';
import type { ServiceOptions } from './aws/ecs/add-service.ts';
import type { JsonObject } from './aws/json.ts';
import { withoutAudit } from './aws/snapshot.ts';
import { buildImage } from './images.ts';
import { type ActionOptions, type ActionResult, cancel, runAction } from './runner.ts';
import { ECR_HOST, openWorld, SOURCE, type World, type WorldOptions } from './world.ts';

export const CLUSTER = 'production';
export const SERVICE = 'agent';
export const REPOSITORY = 'agent';
export const DOMAIN = 'agent.acme.dev';

/** The two files that action.yml names, or stand-ins for them. */
export interface Entries {
  readonly main: string;
  readonly post: string;
}

export interface Visits {
  readonly asked: number;
  readonly failed: number;
  stop(): void;
}

/** A world in which the service `agent` runs v1 from ECR, and an action that deploys to it. */
export interface AgentService {
  readonly world: World;
  /** Address of the live service; '' where it has no load balancer. */
  readonly url: string;
  /** Main and post with these inputs beside the usual ones. */
  deploy(inputs: Readonly<Record<string, string>>, options?: Partial<ActionOptions>): Promise<ActionResult>;
  /** Everything that a user configures and that serves, without audit fields. */
  snapshot(): JsonObject;
  /**
   * For `onStart`: cancels main, as the runner does, at the first multiple of this time on the cloud's clock; post is
   * left alone. `announce` is called right before.
   */
  cancelMain(everyMs: number, announce?: () => void): (child: ChildProcess) => void;
  /** What the live service answers now. */
  ask(path?: string): Promise<{ readonly status: number; readonly body: string }>;
  /** Asks the live service once a virtual second until it is stopped; the counts are live. */
  watch(path?: string): Visits;
  close(): Promise<void>;
}

export interface AgentServiceOptions extends WorldOptions {
  readonly entries: Entries;
  readonly service?: Partial<ServiceOptions>;
  /** That v1 is built for; default `linux/amd64`. */
  readonly platform?: string;
}

export async function openAgentService(options: AgentServiceOptions): Promise<AgentService> {
  const world = await openWorld(options);
  const v1 = buildImage({ seed: 'v1', platform: options.platform ?? 'linux/amd64', behaviour: { version: 'v1' } });
  world.ecr.seed(REPOSITORY, 'v1', v1);
  const service = world.aws.addService({
    cluster: CLUSTER,
    service: SERVICE,
    ...(options.service?.containers ? {} : { image: `${ECR_HOST}/${REPOSITORY}@${v1.digest}` }),
    desiredCount: 2,
    loadBalanced: true,
    customDomains: [DOMAIN],
    ...options.service,
  });
  const url = service.url ? `https://${DOMAIN}` : '';
  const ask = async (path = '/') => await world.edge.get(`${url}${path}`);
  return {
    world,
    url,
    ask,
    deploy: (inputs, rest = {}) =>
      runAction({
        ...options.entries,
        ...rest,
        inputs: { ...usualInputs, ...(url === '' ? {} : { url }), ...inputs },
        env: { ...world.env, ...rest.env },
      }),
    snapshot: () => withoutAudit(world.aws.snapshot(CLUSTER, SERVICE)),
    cancelMain(everyMs, announce = () => {}) {
      let cancelled = false;
      return (child) => {
        if (cancelled) return;
        const stop = world.clock.every(everyMs, async () => {
          stop();
          cancelled = true;
          announce();
          cancel(child);
        });
      };
    },
    watch(path = '/') {
      const visits = { asked: 0, failed: 0, stop: () => {} };
      visits.stop = world.clock.every(1_000, async () => {
        const { status } = await ask(path);
        visits.asked++;
        if (status >= 400) visits.failed++;
      });
      return visits;
    },
    close: () => world.close(),
  };
}

const usualInputs = {
  target: 'ecs',
  cluster: CLUSTER,
  service: SERVICE,
  'copy-to': `${ECR_HOST}/${REPOSITORY}`,
  'registry-username': SOURCE.username,
  'registry-password': SOURCE.password,
};
