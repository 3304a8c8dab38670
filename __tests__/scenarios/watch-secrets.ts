import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import type { Agent } from '../../simulators/agent.ts';
import type { Exchange } from '../../simulators/edge/calls.ts';
import { API_HOST } from '../../simulators/kubernetes/cluster.ts';
import { findLeaks, known, type Place, plant, type Secret } from '../../simulators/planted-secrets.ts';
import type { StageOptions } from '../../simulators/runner.ts';
import { filesIn, placeOfRequest, placesOfStage } from '../../simulators/secret-places.ts';
import { openRedactor } from '../../src/model/redact.ts';

/** Clouds' APIs get the values of variables; registries, storage and tested services don't. */
const APIS = /^(?!.*(?:dkr\.ecr|\.s3\.|pkg\.dev|azurecr\.io|ghcr\.io|acme\.dev|run\.app|azurecontainerapps\.io)).*$/;

const jobSecrets = {
  ACTIONS_RUNTIME_TOKEN: plant('runtime token of the job', { around: '+/=.' }),
  GITHUB_TOKEN: plant('token of the job', { around: '_' }),
  NPM_TOKEN: plant('token of another step', { around: '_' }),
};
const dockerLogin = plant('docker login of another registry', { around: '' });
const dockerConfig = JSON.stringify({
  auths: { 'quay.io': { auth: Buffer.from(`robot:${dockerLogin.value}`).toString('base64') } },
});
const planted = [dockerLogin, ...Object.values(jobSecrets)];

export interface SecretWatch {
  /** @throws Error that names each secret that is where it must not be, and never its value */
  check(): void;
}

/**
 * Plants secrets into every run of the action in this world, learns those that the run gets (inputs, credentials of the job, what
 * clouds hand out), and collects what anyone could read of it.
 */
export function watchSecrets(agent: Agent): SecretWatch {
  const secrets = new Map<string, Secret>(planted.map((secret) => [secret.value, secret]));
  const places = new Map<string, Place>();
  const see = (place: Place): void => void places.set(`${place.name} ${place.text}`, place);
  const learn = (found: readonly Secret[]): void => {
    for (const secret of found) if (!secrets.has(secret.value)) secrets.set(secret.value, secret);
  };
  agent.world.edge.onExchange((exchange) => {
    learn(credentialsIn(exchange));
    see(placeOfRequest(exchange));
  });
  const { deploy, runStage } = agent;
  const watched: Pick<Agent, 'deploy' | 'runStage'> = {
    deploy: (inputs, options = {}) =>
      inDirectory(options, see, async (more) => {
        learn(secretsGiven(inputs, options.env));
        const result = await deploy(inputs, { ...options, ...more });
        for (const stage of ['main', 'post'] as const) placesOfStage(stage, result[stage]).forEach(see);
        return result;
      }),
    runStage: (stage, inputs, options = {}) =>
      inDirectory(options, see, async (more) => {
        learn(secretsGiven(inputs, options.env));
        const result = await runStage(stage, inputs, { ...options, ...more });
        placesOfStage(stage, result).forEach(see);
        return result;
      }),
  };
  Object.assign(agent, watched);
  return {
    check() {
      const leaks = findLeaks([...secrets.values()], [...places.values()]);
      const found = leaks.map(({ secret, form, place }) => `${secret} (${form}) in ${place}`);
      if (found.length > 0)
        throw new Error(`secrets that are where they must not be:\n${[...new Set(found)].join('\n')}`);
    },
  };
}

type More = Pick<StageOptions, 'directory' | 'env'>;

/** In a folder of its own, with a docker config, unless the test has one; what is left in it is seen. */
async function inDirectory<T>(
  options: Partial<StageOptions>,
  see: (place: Place) => void,
  run: (more: Partial<More>) => Promise<T>,
): Promise<T> {
  const env = Object.fromEntries(Object.entries(jobSecrets).map(([name, { value }]) => [name, value]));
  if (options.directory) return await run({ env: { ...env, ...options.env } });
  const directory = await mkdtemp(path.join(os.tmpdir(), 'job-'));
  try {
    await writeFile(path.join(directory, 'config.json'), dockerConfig);
    const result = await run({ directory, env: { ...env, DOCKER_CONFIG: directory, ...options.env } });
    (await filesIn(path.join(directory, 'temp'))).forEach(see);
    return result;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function secretsGiven(inputs: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}): Secret[] {
  const ofJob = Object.entries(env).filter(([name]) => /TOKEN$|SECRET|PASSWORD/.test(name));
  return [
    ...variablesIn(inputs['environment-variables'] ?? '').map((value) =>
      known('value of environment-variables', value, APIS),
    ),
    ...ofJob.map(([name, value]) => known(`${name} of the job`, value, /./)),
  ].filter(({ value }) => isSecret(value));
}

function variablesIn(text: string): readonly string[] {
  try {
    const values: unknown = parse(text);
    return typeof values === 'object' && values !== null ? Object.values(values).map(String) : [];
  } catch {
    return [];
  }
}

/** Ordinary words aren't: the log would say nothing without them. */
function isSecret(value: string): boolean {
  const redactor = openRedactor(['agent', 'web', 'production', 'shop', 'eu-west-1', 'europe-west1']);
  redactor.hide([value]);
  return redactor.redact(value) !== value;
}

/** An API server of Kubernetes takes tokens of the cloud that runs it, and passes requests on to the pods that are tested. */
const CLUSTER = API_HOST.replaceAll('.', '\\.');
const OWNERS = [
  String.raw`amazonaws\.com`,
  String.raw`googleapis\.com|pkg\.dev`,
  String.raw`azure\.com|azurecr\.io|microsoftonline\.com|azurecontainerapps\.dev`,
  String.raw`run\.app|azurecontainerapps\.io|acme\.dev|shop\.example`,
].map((hosts) => new RegExp(`(?:${hosts}|^${CLUSTER})$`));

/** Who a host belongs to: what one of them gets is no business of another. */
function ownersOf(host: string): RegExp {
  if (host === API_HOST) return OWNERS.at(-1)!;
  return OWNERS.find((owners) => owners.test(host)) ?? new RegExp(`^${host.replaceAll('.', '\\.')}$`);
}

/** What a request logs in with, and the tokens that it gets. */
function credentialsIn({ request: { headers, url, body }, answer }: Exchange): readonly Secret[] {
  const owners = ownersOf(url.hostname);
  const authorization = String(headers['authorization'] ?? '');
  const bearer = /^Bearer (\S+)$/i.exec(authorization)?.[1];
  const basic = /^Basic (\S+)$/i.exec(authorization)?.[1];
  const password =
    basic &&
    Buffer.from(basic, 'base64')
      .toString()
      .replace(/^[^:]*:/, '');
  const session = String(headers['x-amz-security-token'] ?? '');
  const sent = [
    ...[bearer, password].map((value) => known(`login at ${url.hostname}`, value ?? '', owners)),
    known('session token of the cloud', session, OWNERS[0]),
  ];
  // Whose they are is known when they are used.
  const tokens = [...`${body}\n${answer.body ?? ''}`.matchAll(/eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]+/g)];
  return [...sent, ...tokens.map(([value]) => known('a signed token', value, /./))].filter(
    ({ value }) => value.length >= 8,
  );
}
