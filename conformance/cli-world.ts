import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Agent } from '../simulators/agent.ts';
import { CLUSTER, openAgentService, REPOSITORY, SERVICE } from '../simulators/agent-service.ts';
import { buildImage } from '../simulators/images.ts';
import { ECR_HOST, type World } from '../simulators/world.ts';
import { type AwsExchange, recordExchanges } from './exchanges.ts';
import { type ProgramResult, runProgram, runWell } from './run-program.ts';
import type { Tally } from './tally.ts';

/** The AWS CLI in front of one embedded world. */
export interface AwsCli {
  /** Its JSON output. @throws Error where it ends with another code than 0. */
  json(...args: readonly string[]): Promise<unknown>;
  /** Its plain output, without the line's end. */
  text(...args: readonly string[]): Promise<string>;
  /** However it ends, and with other environment variables where given. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<ProgramResult>;
  /** Body of the last answer that it got, as it was on the wire. */
  lastBody(): string;
}

export interface AwsCliReferee {
  readonly program: string;
  readonly tally: Tally;
  readonly directory: string;
  readonly exchanges: AwsExchange[];
}

/** DescribeServices, as far as it is read here. */
export interface Described {
  readonly services: readonly {
    readonly deployments: readonly unknown[];
    readonly loadBalancers: readonly { readonly targetGroupArn: string }[];
  }[];
}

/** Whom the checks are about, in the CLI's words. */
export const described = ['--cluster', CLUSTER, '--services', SERVICE];

/** A service with a circuit breaker that runs in a world of its own, and the CLI in front of it. */
export async function inCliWorld(
  referee: AwsCliReferee,
  name: string,
  body: (agent: Agent, cli: AwsCli) => Promise<void>,
): Promise<void> {
  const agent = await openAgentService({
    entries: { main: '', post: '' },
    service: { tags: [{ key: 'team', value: 'agents' }], circuitBreaker: { enable: true, rollback: true } },
  });
  const directory = path.join(referee.directory, name);
  await body(agent, await openAwsCli(referee.program, agent.world, { ...referee, directory }));
  await agent.close();
}

/** An image in the world's ECR that behaves so; its full name. */
export function seedImage({ world }: Agent, tag: string, behaviour: object): string {
  const image = buildImage({ seed: tag, behaviour: { version: tag, ...behaviour } });
  world.ecr.seed(REPOSITORY, tag, image);
  return `${ECR_HOST}/${REPOSITORY}@${image.digest}`;
}

/** Everything that it exchanges is appended to `exchanges` as well. `directory` is for its files. */
async function openAwsCli(
  file: string,
  world: World,
  { directory, exchanges }: { readonly directory: string; readonly exchanges: AwsExchange[] },
): Promise<AwsCli> {
  recordExchanges(world, exchanges);
  let lastBody = '';
  world.edge.onExchange(({ answer }) => {
    lastBody = String(answer.body ?? '');
  });
  await mkdir(directory, { recursive: true });
  const empty = path.join(directory, 'empty');
  await writeFile(empty, '');
  const { NODE_OPTIONS: _, SIM_CLOCK_PORT: __, ...proxied } = world.env;
  const env = {
    ...proxied,
    AWS_CA_BUNDLE: world.env['NODE_EXTRA_CA_CERTS'] ?? '',
    AWS_CONFIG_FILE: empty,
    AWS_SHARED_CREDENTIALS_FILE: empty,
    AWS_DEFAULT_REGION: world.env['AWS_REGION'] ?? '',
    AWS_MAX_ATTEMPTS: '1',
    HOME: directory,
    PYTHONDONTWRITEBYTECODE: '1',
  };
  return {
    json: async (...args) => JSON.parse(await runWell(file, [...args, '--output', 'json'], { env })) as unknown,
    text: async (...args) => (await runWell(file, [...args, '--output', 'text'], { env })).trimEnd(),
    run: (args, more = {}) => runProgram(file, args, { env: { ...env, ...more } }),
    lastBody: () => lastBody,
  };
}
