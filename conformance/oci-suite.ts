import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import { VirtualClock } from '../simulators/clock/clock.ts';
import { startEdge } from '../simulators/edge/edge.ts';
import { SimulatedRegistry, type SimulatedRegistryOptions } from '../simulators/registry/registry.ts';
import { runProgram } from './run-program.ts';
import type { Tally } from './tally.ts';

export interface OciSuiteReferee {
  /** The tests of opencontainers/distribution-spec as a program; `conformance/install-go` builds it. */
  readonly program: string;
  readonly tally: Tally;
  readonly directory: string;
}

interface Candidate {
  readonly title: string;
  readonly options: Omit<SimulatedRegistryOptions, 'hostnames' | 'clock'>;
  /** Of the spec; 1.0 has no referrers. Default 1.1. */
  readonly version?: '1.0' | '1.1';
  /** What the suite may find unsupported: each is a choice, told in docs/conformance.md. */
  readonly lacks: readonly string[];
}

const HOST = 'registry.example';
const LOGIN = { OCI_USERNAME: 'AWS', OCI_PASSWORD: 'correct horse' };
const REPOSITORIES = ['conformance/repo1', 'conformance/repo2'] as const;
const NOT_ASKED_FOR = [
  'Blob delete',
  'Blob delete atomic',
  'Manifest delete',
  'Manifest delete atomic',
  'Manifest put with tag params',
  'Tag delete',
  'Tag delete atomic',
];
const NOT_IN_1_0 = ['Blob anonymous mount', 'Referrers'];
/** As docker-registry 2.8: a POST with the blob opens a session, and a mount names its repository. */
const OPTIONAL = ['Blob post only', 'Blob anonymous mount'];

/** GHCR: a push says nothing of a subject, and there is no list. */
const withoutReferrers: Candidate['options'] = {
  auth: { kind: 'anonymous' },
  createOnPush: true,
  mount: 'allow',
  referrers: 'fallback',
};

/** The kinds of registry that the embedded clouds have. */
const candidates: readonly Candidate[] = [
  {
    title: 'an open registry',
    options: { auth: { kind: 'anonymous' }, createOnPush: true, mount: 'allow' },
    lacks: OPTIONAL,
  },
  {
    title: 'one with tokens',
    options: {
      auth: { kind: 'bearer', users: { [LOGIN.OCI_USERNAME]: LOGIN.OCI_PASSWORD } },
      createOnPush: true,
      mount: 'allow',
    },
    lacks: OPTIONAL,
  },
  {
    title: 'one like ECR',
    options: {
      auth: { kind: 'basic', accepts: (password) => password === LOGIN.OCI_PASSWORD },
      createOnPush: false,
      redirectBlobsTo: 'layers.example',
      mount: 'ignore',
    },
    lacks: OPTIONAL,
  },
  {
    title: 'one without a list of referrers (as spec 1.0)',
    options: withoutReferrers,
    version: '1.0',
    lacks: ['Blob post only'],
  },
];

/** Pull, push, tags and referrers. Deleting is not in the registries, as our copy never does it. */
export async function checkWithOciSuite(referee: OciSuiteReferee): Promise<void> {
  const { tally } = referee;
  for (const candidate of candidates) {
    await tally.check(`the OCI conformance suite passes against ${candidate.title}`, () => pass(referee, candidate));
  }
  await tally.check(
    'the OCI conformance suite fails with spec 1.1 for a registry without a referrers list',
    async () => {
      const { exitCode, apis } = await runSuite(referee, {
        title: 'lacking',
        options: withoutReferrers,
        lacks: OPTIONAL,
      });
      const failed = namesOf(apis, 'FAIL').filter((name) => /subject|Referrers/.test(name));
      assert.deepEqual({ exitCode, failed }, { exitCode: 1, failed: ['Manifest put with subject', 'Referrers'] });
      return failed.join(', ');
    },
  );
}

async function pass(referee: OciSuiteReferee, candidate: Candidate): Promise<string> {
  const { exitCode, stdout, stderr, apis } = await runSuite(referee, candidate);
  assert.equal(exitCode, 0, `it ended with ${exitCode}: ${stderr.slice(-2_000)}`);
  assert.deepEqual(namesOf(apis, 'Skip'), [...candidate.lacks].sort());
  const disabled = [...NOT_ASKED_FOR, ...(candidate.version === '1.0' ? NOT_IN_1_0 : [])].sort();
  assert.deepEqual(namesOf(apis, 'Disabled'), disabled);
  const passed = countOf(stdout, 'Pass');
  assert.ok(passed > 400, `only ${passed} tests passed: was it the whole suite?`);
  assert.deepEqual({ failed: countOf(stdout, 'FAIL'), errors: countOf(stdout, 'Error') }, { failed: 0, errors: 0 });
  return `${passed} passed, ${countOf(stdout, 'Skip')} of what it lacks, ${countOf(stdout, 'Disabled')} not asked for`;
}

async function runSuite({ program, directory }: OciSuiteReferee, candidate: Candidate) {
  const { title, options, version = '1.1' } = candidate;
  const results = path.join(directory, title.replaceAll(/\W/g, '-'));
  const clock = await VirtualClock.open();
  const registry = new SimulatedRegistry({ hostnames: [HOST], clock, ...options });
  for (const name of options.createOnPush ? [] : REPOSITORIES) registry.createRepository(name);
  const edge = await startEdge({ hosts: [registry], clock });
  try {
    const login = options.auth.kind === 'anonymous' ? {} : LOGIN;
    const env = { ...suiteEnvironment(edge.env, results), ...login, OCI_VERSION: version };
    return { ...(await runProgram(program, [], { env })), apis: await readResults(results) };
  } finally {
    await edge.close();
    clock.close();
  }
}

/** Through the edge, with its throw-away authority as the only trusted one. Settings: the suite's README. */
function suiteEnvironment(edge: Readonly<Record<string, string>>, results: string): Record<string, string> {
  const { NODE_OPTIONS: _, SIM_CLOCK_PORT: __, ...proxied } = edge;
  return {
    ...proxied,
    SSL_CERT_FILE: edge['NODE_EXTRA_CA_CERTS'] ?? '',
    SSL_CERT_DIR: '/nonexistent',
    OCI_REGISTRY: HOST,
    OCI_TLS: 'enabled',
    OCI_REPO1: REPOSITORIES[0],
    OCI_REPO2: REPOSITORIES[1],
    OCI_RESULTS_DIR: results,
    OCI_API_BLOBS_UPLOAD_CANCEL: 'true',
    OCI_API_BLOBS_DELETE: 'false',
    OCI_API_MANIFESTS_DELETE: 'false',
    OCI_API_TAGS_DELETE: 'false',
  };
}

/** API -> `Pass`, `Skip`, `Disabled`, `FAIL`. */
async function readResults(directory: string): Promise<Readonly<Record<string, string>>> {
  const { apis } = parse(await readFile(path.join(directory, 'results.yaml'), 'utf8')) as {
    readonly apis: Readonly<Record<string, string>>;
  };
  return apis;
}

function namesOf(apis: Readonly<Record<string, string>>, result: string): readonly string[] {
  return Object.keys(apis)
    .filter((name) => apis[name] === result)
    .sort();
}

/** Of its table of totals: `Pass..........................:        503`. */
function countOf(stdout: string, result: string): number {
  return Number(new RegExp(`^ +${result}\\.+: +(\\d+)$`, 'm').exec(stdout)?.[1] ?? Number.NaN);
}
