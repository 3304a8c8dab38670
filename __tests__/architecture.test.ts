import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';

const root = path.resolve(import.meta.dirname, '..');

/** Rooms from the top down: a room imports only rooms of a later row. */
const ROWS = [
  ['index'],
  ['action'],
  ['announcements'],
  ['github'],
  ['inputs', 'outputs', 'engine', 'report'],
  ['verification'],
  ['strategies', 'registry', 'clouds'],
  ['io'],
  ['model'],
];

// Without Azure's ARM: in shared code that is a processor.
const CLOUD_WORDS = new RegExp(
  `\\b(?:${[
    'aws|amazon|amazonaws|ecs|ecr|fargate|elbv2|cloudwatch|sts|iam|arns?',
    'google|googleapis|gcp|gcr|gcloud|cloud[ -]?run|artifact[ -]?registry|knative',
    'azure|microsoft|container[ -]?apps?|acr|azurecr|azurecontainerapps|entra|aadsts\\d*',
    'kubernetes|k8s|kubectl',
  ].join('|')})\\b`,
  'i',
);
/** As packages are named; a cloud's libraries for logging in and for the wire are its SDK too. */
const SDKS = /^(?:@(?:aws-sdk|smithy|azure|azure-rest|google-cloud|grpc|kubernetes)\/|google-auth-library|google-gax)/;
/** A variable, or an empty collection that is filled later. */
const MODULE_STATE = /^(?:export )?(?:let |var |const \w+\b.*\bnew (?:Weak)?(?:Map|Set)(?:<.*>)?\(\))/;
/** What they keep depends on nothing that differs from run to run: failures by identity, parsed names. */
const STATEFUL_FILES = ['src/io/retry-transient.ts', 'src/model/wrong-answer.ts', 'src/registry/registry-address.ts'];
/** As docs/architecture.md lists them; `traffic` only where we move it. */
const TARGET_FILES = [
  ...['target', 'workload', 'readiness', 'capture', 'plan', 'deploy', 'observe', 'decide-observation'],
  ...['restore', 'decide-restoration', 'restore-data', 'diagnose', 'endpoint'],
];
/** Threads of other projects that a comment points to, and the names of metadata services, which are never called. */
const NOT_A_CLOUD = /[\w-]+\/[\w-]+#\d+|metadata\S*/g;

interface Import {
  readonly from: string;
  readonly to: string;
}

describe('the architecture', () => {
  test('imports go one way: index -> action -> engine … -> clouds … -> io -> model', () => {
    const wrong = importsOf('src').filter(({ from, to }) => to.startsWith('src/') && !allowed(from, to));
    expect(wrong).toEqual([]);
  });

  test('a cloud imports no other cloud, and shared code only its table and its interface', () => {
    const wrong = importsOf('src').filter(({ from, to }) => {
      const [cloud, other] = [cloudOf(from), cloudOf(to)];
      if (other === null || cloud === other) return false;
      return !(cloud === null && /^src\/clouds\/(index|target)\.ts$/.test(to)) && from !== 'src/clouds/index.ts';
    });
    expect(wrong).toEqual([]);
  });

  test('what the targets of a cloud share imports none of them, and they import no other', () => {
    const wrong = importsOf('src').filter(({ from, to }) => {
      const part = partOf(to);
      return cloudOf(from) !== null && part !== null && partOf(from) !== part;
    });
    expect(wrong).toEqual([]);
  });

  test('every target has the same files, and more where it needs them', () => {
    const files = new Set(filesBelow('src/clouds'));
    const folders = [...files].flatMap((file) => (file.endsWith('/workload.ts') ? [path.dirname(file)] : []));
    expect(folders).toHaveLength(4);
    const names = folders.flatMap((folder) => TARGET_FILES.map((name) => `${folder}/${name}.ts`));
    expect(names.filter((name) => !files.has(name))).toEqual([]);
  });

  test('SDKs are imported only inside their own cloud', () => {
    const wrong = importsOf('src').filter(({ from, to }) => SDKS.test(to) && cloudOf(from) === null);
    expect(wrong).toEqual([]);
  });

  test('@actions/* is imported only by inputs, outputs, report and io', () => {
    const wrong = importsOf('src').filter(
      ({ from, to }) => to.startsWith('@actions/') && !['inputs', 'outputs', 'report', 'io'].includes(roomOf(from)),
    );
    expect(wrong).toEqual([]);
  });

  test('production code and simulators do not import each other', () => {
    const wrong = [
      ...importsOf('src').filter(({ to }) => /^(simulators|demo|__tests__)\//.test(to)),
      ...importsOf('simulators').filter(({ to }) => /^(src|demo|__tests__)\//.test(to)),
    ];
    expect(wrong).toEqual([]);
  });

  test.each(['src', 'simulators'])('no circle of imports in %s, types included', (folder) => {
    expect(circlesIn(importsOf(folder)).map((circle) => circle.join(' -> '))).toEqual([]);
  });

  test('no cloud is named in shared code, not even in a comment', () => {
    const shared = filesBelow('src').filter((file) => cloudOf(file) === null && file !== 'src/clouds/index.ts');
    const wrong = shared.flatMap((file) =>
      linesOf(file).flatMap((line, index) =>
        CLOUD_WORDS.test(line.replace(NOT_A_CLOUD, '')) ? [`${file}:${index + 1} ${line.trim()}`] : [],
      ),
    );
    expect(wrong).toEqual([]);
  });

  test('production code has no switch for tests', () => {
    const wrong = filesBelow('src').filter((file) =>
      /NODE_ENV|JEST_|SIM_|process\.env\.[A-Z_]*(TEST|MOCK|FAKE)/.test(readFileSync(path.join(root, file), 'utf8')),
    );
    expect(wrong).toEqual([]);
  });

  test('no module keeps state: it would outlive a run, and tests run many in one process', () => {
    const keeping = filesBelow('src').filter((file) => linesOf(file).some((line) => MODULE_STATE.test(line)));
    expect(keeping).toEqual(STATEFUL_FILES);
  });

  test('every file in src/ has at most 250 lines', () => {
    const long = filesBelow('src').filter((file) => linesOf(file).length > 250);
    expect(long).toEqual([]);
  });

  test('every function in src/ has at most 60 lines', () => {
    const long = filesBelow('src').flatMap((file) => longFunctionsOf(file, 60));
    expect(long).toEqual([]);
  });

  test('no file is named for nothing', () => {
    const vague = ['src', 'simulators']
      .flatMap(filesBelow)
      .filter((file) => /(^|\/)(utils?|helpers?|common|misc|manager)\b/.test(file));
    expect(vague).toEqual([]);
  });
});

function allowed(from: string, to: string): boolean {
  const [fromRow, toRow] = [rowOf(from), rowOf(to)];
  return roomOf(from) === roomOf(to) || fromRow < toRow;
}

function rowOf(file: string): number {
  const row = ROWS.findIndex((rooms) => rooms.includes(roomOf(file)));
  if (row < 0) throw new Error(`${file} is in no room: add it to the architecture or move it`);
  return row;
}

/** `src/engine/wait.ts` -> `engine`; `src/inputs.ts` -> `inputs`. */
function roomOf(file: string): string {
  return file.split('/')[1]!.replace(/\.ts$/, '');
}

function cloudOf(file: string): string | null {
  return /^src\/clouds\/([^/]+)\//.exec(file)?.[1] ?? null;
}

/** One target in a folder of its own, or the registries of one cloud: `src/clouds/aws/ecs`. */
function partOf(file: string): string | null {
  const folder = /^src\/clouds\/[^/]+\/[^/]+(?=\/)/.exec(file)?.[0];
  if (!folder) return null;
  // The only target of its cloud has files beside its folders.
  return existsSync(path.join(root, path.dirname(folder), 'workload.ts')) ? null : folder;
}

function importsOf(folder: string): Import[] {
  return filesBelow(folder).flatMap((from) =>
    [
      ...linesOf(from)
        .join('\n')
        .matchAll(/(?:from\s+|import\(\s*|import\s+)'([^']+)'/g),
    ].map(([, specifier]) => ({
      from,
      to: specifier!.startsWith('.') ? path.join(path.dirname(from), specifier!) : specifier!,
    })),
  );
}

/** Files that import each other, directly or by way of others: each group once, its files sorted (Tarjan 1972). */
function circlesIn(imports: readonly Import[]): string[][] {
  const next = Map.groupBy(imports, ({ from }) => from);
  const order = new Map<string, { index: number; low: number; isOpen: boolean }>();
  const open: string[] = [];
  const circles: string[][] = [];
  const visit = (file: string): number => {
    const mine = { index: order.size, low: order.size, isOpen: true };
    order.set(file, mine);
    open.push(file);
    for (const { to } of next.get(file) ?? []) {
      const seen = order.get(to);
      if (!seen) mine.low = Math.min(mine.low, visit(to));
      else if (seen.isOpen) mine.low = Math.min(mine.low, seen.index);
    }
    if (mine.low < mine.index) return mine.low;
    const group = open.splice(open.indexOf(file));
    for (const member of group) order.get(member)!.isOpen = false;
    if (group.length > 1 || next.get(file)?.some(({ to }) => to === file)) circles.push(group.sort());
    return mine.low;
  };
  for (const file of next.keys()) if (!order.has(file)) visit(file);
  return circles;
}

/** By indentation, as the formatter lays it out: a function ends at the first `}` in the column where it began. */
function longFunctionsOf(file: string, most: number): string[] {
  const lines = linesOf(file);
  return lines.flatMap((line, start) => {
    const head =
      /^(\s*)(?:export )?(?:async )?(?:function\b|[\w#]+\(.*\{$|(?:get|static|async) .*\{$|const \w+ = .*=> \{$)/.exec(
        line,
      );
    if (!head || /^\s*(if|for|while|switch|return|else)\b/.test(line)) return [];
    const end = lines.findIndex((other, index) => index > start && other.startsWith(`${head[1]}}`));
    return end - start + 1 > most ? [`${file}:${start + 1} has ${end - start + 1} lines`] : [];
  });
}

function filesBelow(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .sort();
}

function linesOf(file: string): string[] {
  return readFileSync(path.join(root, file), 'utf8').trimEnd().split('\n');
}
