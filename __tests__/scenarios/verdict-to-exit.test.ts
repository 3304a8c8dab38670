import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { type AfterVerdict, LONGEST_WAIT_MS } from '../../simulators/verdict-to-exit.ts';
import { closeAgents, givenAgent } from './agent.ts';

afterEach(closeAgents);

const preload = pathToFileURL(path.resolve(import.meta.dirname, '../fixtures/note-handles.mjs')).href;

interface Refused {
  readonly why: string;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly prepare?: (agent: Agent) => void;
}

/** Left unread, it keeps its connection, which waits for more; of a long one Node stops reading. */
const PAGE = '<html>no</html>';

/** Answers some calls in this way, always. */
function answering(operation: RegExp, status: number, headers: Readonly<Record<string, string>> = {}) {
  return ({ world }: Agent): void => {
    world.edge.faults.add({ operation, when: 'before', act: { kind: 'status', status, headers, body: PAGE } });
  };
}

function both(...prepares: readonly ((agent: Agent) => void)[]): (agent: Agent) => void {
  return (agent) => {
    for (const prepare of prepares) prepare(agent);
  };
}

const MANIFEST = /^registry:GET manifest$/;
const challenge = { 'www-authenticate': 'Bearer realm="https://ghcr.io/token",service="ghcr.io"' };
const elsewhere = { 'www-authenticate': 'Bearer realm="https://collector.example/token",service="x"' };

const refusals: readonly Refused[] = [
  { why: 'an input is wrong', inputs: { strategy: 'fast' } },
  { why: 'the file of the smoke tests is missing', inputs: { 'smoke-tests': 'tests/none.yml' } },
  { why: 'a smoke test can not pass', inputs: { 'smoke-tests': '- GET http://169.254.169.254/' } },
  { why: 'the proxy can not be used', env: { https_proxy: 'socks5://127.0.0.1:9' } },
  { why: 'the event may be of anyone', env: { GITHUB_EVENT_NAME: 'pull_request_target' } },
  { why: 'the service is not there', inputs: { service: 'other' } },
  { why: 'the cluster is not there', inputs: { cluster: 'other' } },
  { why: 'the account is another one', inputs: { 'expected-account': '999999999999' } },
  { why: 'AWS denies it', prepare: answering(/DescribeServices/, 403) },
  { why: 'the image is not there', inputs: { image: 'ghcr.io/acme/agent:none' } },
  { why: 'the image is not signed', inputs: { verify: '- attestation: { repository: acme/agent }' } },
  { why: 'the login is refused', inputs: { 'registry-password': 'wrong' } },
  { why: 'a refusal comes without a challenge', prepare: answering(MANIFEST, 401) },
  {
    why: 'a refusal comes, and then no token',
    // The request with the refusal is the first one then.
    inputs: { 'registry-username': '', 'registry-password': '' },
    prepare: both(answering(MANIFEST, 401, challenge), answering(/token/i, 403)),
  },
  { why: 'a token service is another host', prepare: answering(MANIFEST, 401, elsewhere) },
  { why: 'the registry forbids it', prepare: answering(MANIFEST, 403) },
  { why: 'the registry wants an hour', prepare: answering(MANIFEST, 429, { 'retry-after': '3600' }) },
  { why: 'a layer can not be read', prepare: answering(/^registry:GET blob$/, 403) },
  { why: 'a layer can not be written', prepare: answering(/^registry:PUT upload$/, 403) },
  { why: 'an upload can not be opened', prepare: answering(/^registry:POST/, 403) },
  { why: 'a manifest can not be written', prepare: answering(/^registry:PUT manifest$/, 403) },
];

/** Real time: the clock of the simulated cloud is not preloaded. */
function inRealTime(directory: string, preloads: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const noted = path.join(directory, 'noted');
  const options = preloads.map((module) => `--import=${module}`).join(' ');
  return { directory, pool: null, env: { ...env, NODE_OPTIONS: options, NOTED_HANDLES: noted } };
}

async function readNoted(directory: string): Promise<AfterVerdict> {
  return JSON.parse(await readFile(path.join(directory, 'noted'), 'utf8')) as AfterVerdict;
}

describe.each([['deploy'], ['plan']])('no process outlives its verdict, mode: %s', (mode) => {
  test.each(refusals)('where $why', async ({ why, inputs = {}, env = {}, prepare = () => {} }) => {
    const agent = await givenAgent();
    const image = agent.world.publish('v2', {});
    prepare(agent);
    const directory = await mkdtemp(path.join(os.tmpdir(), 'verdict-'));
    try {
      const { exitCode, signal, log } = await agent.runStage(
        'main',
        { mode, image, timeout: '2m', ...inputs },
        inRealTime(directory, [preload], env),
      );
      // A plan doesn't write, so it doesn't see what may not be written.
      if (mode === 'plan' && exitCode === 0) return;
      expect({ exitCode, signal, log }).toMatchObject({ exitCode: 1, log: expect.stringContaining('::error') });
      const { livedMs, waitedMs, handles } = await readNoted(directory);
      process.stdout.write(
        `${mode}, ${why}: ${Math.round(livedMs)} ms, of which it waited ${Math.round(waitedMs)} ms\n`,
      );
      expect(handles).toEqual([]);
      expect(waitedMs).toBeLessThan(LONGEST_WAIT_MS);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});

// Such as a timer that an SDK has for itself: a cancel does not end it.
test('what something leaves open does not keep the process', async () => {
  const agent = await givenAgent();
  const directory = await mkdtemp(path.join(os.tmpdir(), 'verdict-'));
  const leaves = 'data:text/javascript,setInterval(()=>{},1000)';
  try {
    const { exitCode } = await agent.runStage(
      'main',
      { image: 'ghcr.io/acme/agent:none' },
      inRealTime(directory, [preload, leaves]),
    );
    expect(exitCode).toBe(1);
    const { waitedMs, handles } = await readNoted(directory);
    expect(handles).toEqual(['Timeout']);
    expect(waitedMs).toBeLessThan(LONGEST_WAIT_MS);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
