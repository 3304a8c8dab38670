import { registries, targetAliases, targets } from './clouds/index.ts';
import type { OpenRegistry, OpenWorkload, Target } from './clouds/target.ts';
import { type AnnouncementParsers, noParsers, parseAnnouncements } from './inputs/announcements.ts';
import { parseRollout, type RolloutOptions } from './inputs/rollout-inputs.ts';
import { readSmokeTests } from './inputs/smoke-test-inputs.ts';
import { nextForEmpty, readStepInputs, type StepInputs } from './inputs/step-inputs.ts';
import { noteUnknownInputs } from './inputs/unknown-inputs.ts';
import { parseVariables } from './inputs/variables.ts';
import { parseVerification } from './inputs/verify.ts';
import { isForbiddenHost } from './io/address-guard.ts';
import type { Io } from './io/io.ts';
import { ALL_CONTAINERS } from './model/container-edits.ts';
import { DeployError } from './model/errors.ts';
import { type ImageName, parseImageName, parseRepository, parseTag } from './model/image.ts';
import type { RegistryCredentials } from './model/keychain.ts';
import { nearest, squeeze } from './model/nearest.ts';
import type { OlderCommitPolicy } from './model/older-commit.ts';
import { type Platform, parsePlatform } from './model/platform.ts';
import type { VerifyOptions } from './model/requirement.ts';
import type { SmokeTest } from './model/smoke-test.ts';
import type { Base } from './model/workload.ts';

/** What the user wants. Every field is checked; nothing reads an input after this. */
export interface DeployRequest extends RolloutOptions, VerifyOptions {
  /** `plan`: only say what a deploy would do. */
  readonly mode: 'deploy' | 'plan';
  readonly openWorkload: OpenWorkload;
  /** Of the registries that belong to a cloud and that an image is in or goes to. */
  readonly registries: readonly OpenRegistry[];
  /** `container` null: the workload's main container. */
  readonly images: readonly { readonly container: string | null; readonly name: ImageName }[];
  readonly copyTo: { readonly registry: string; readonly repository: string } | null;
  /** That the image gets there; none: the one that it has. */
  readonly tags: readonly string[];
  /** Only these of it are copied; none: all. */
  readonly platforms: readonly Platform[];
  /** Signatures, SBOMs and provenance that refer to the image go with it. */
  readonly copyReferrers: boolean;
  /** For the registry that `image` is in. */
  readonly credentials: RegistryCredentials | null;
  readonly smokeTests: readonly SmokeTest[];
  readonly url: string | null;
  readonly environment: ReadonlyMap<string, string>;
  /** Variables that the container is to have no more. */
  readonly removed: ReadonlySet<string>;
  readonly secrets: ReadonlyMap<string, string>;
  readonly base: Base | null;
  readonly force: boolean;
  readonly onFailure: 'rollback' | 'keep';
  readonly onCancel: 'rollback' | 'keep';
  /** What to do where another run or user is changing the service. */
  readonly onConflict: 'wait' | 'fail';
  /** What to do with a rollout that can't end. null: replace one of ours, and fail for any other. */
  readonly onStuck: 'replace' | 'fail' | null;
  readonly allowNoRollback: boolean;
  /** What to do where nothing of the new revision ran. */
  readonly inconclusive: 'fail' | 'proceed';
  /** Deploys also for events that run code of people who may not push. */
  readonly allowUntrustedEvent: boolean;
  /** What to do with a commit that is older than the one that is deployed. null: refuse it where that is sure. */
  readonly olderCommit: OlderCommitPolicy | null;
  readonly timeoutMs: number;
  readonly rollbackTimeoutMs: number;
}

/** Where inputs come from: the runner's variables, and the files of the repository. */
type InputSource = Pick<Io, 'env' | 'files'> & Partial<Pick<Io, 'log'>> & { readonly parsers?: AnnouncementParsers };

/** @throws DeployError INPUT_INVALID that lists every problem. */
export function parseInputs(source: InputSource): DeployRequest {
  const inputs = readStepInputs(source.env);
  const request = readRequest(inputs, source);
  noteUnknownInputs(inputs, source);
  inputs.ensureNoProblems();
  return request;
}

/**
 * For the post step: main has checked these inputs. What has become wrong since (a smoke-test file that a later step
 * deleted) is left out; it must not stop the rollback.
 */
export function recallInputs(source: InputSource): DeployRequest {
  return readRequest(readStepInputs(source.env), source);
}

/** Reads every input; what is wrong is noted in `inputs`, not thrown. */
export function readRequest(inputs: StepInputs, source: InputSource): DeployRequest {
  const target = parseTarget(inputs);
  // What is in them is for those who tell others; here it has to be right.
  parseAnnouncements(inputs, source.parsers ?? noParsers);
  noteNeedsCopyTo(inputs, ['tags', 'platforms', 'copy-referrers']);
  const images = parseImages(inputs);
  const copyTo = inputs.parsed('copy-to', parseRepository, null);
  return {
    mode: inputs.choice('mode', ['deploy', 'plan'], 'deploy'),
    openWorkload: target.parse(inputs),
    registries: parseRegistries(inputs, [...images.map(({ name }) => name), ...(copyTo ? [copyTo] : [])]),
    ...parseRollout(inputs),
    images,
    copyTo,
    tags: inputs.parsed('tags', (text) => parseList(text, parseTag), []),
    platforms: inputs.parsed('platforms', (text) => parseList(text, parsePlatform), []),
    copyReferrers: inputs.boolean('copy-referrers', false),
    credentials: parseCredentials(inputs),
    ...parseVerification(inputs, source.files),
    smokeTests: readSmokeTests(inputs, source.files),
    url: parseUrl(inputs),
    ...parseVariables(inputs, source.files),
    base: inputs.choice<Base, null>('base', ['serving', 'latest'], null),
    force: inputs.boolean('force', false),
    onFailure: inputs.choice('on-failure', ['rollback', 'keep'], 'rollback'),
    onCancel: inputs.choice('on-cancel', ['rollback', 'keep'], 'rollback'),
    onConflict: inputs.choice('on-conflict', ['wait', 'fail'], 'wait'),
    onStuck: inputs.choice<'replace' | 'fail', null>('on-stuck', ['replace', 'fail'], null),
    inconclusive: inputs.choice('inconclusive', ['fail', 'proceed'], 'fail'),
    allowNoRollback: inputs.boolean('allow-no-rollback', false),
    allowUntrustedEvent: inputs.boolean('allow-untrusted-event', false),
    olderCommit: inputs.choice<OlderCommitPolicy, null>('older-commit', ['refuse', 'warn', 'allow'], null),
    timeoutMs: inputs.duration('timeout', '20m'),
    rollbackTimeoutMs: inputs.duration('rollback-timeout', '15m'),
  };
}

function parseTarget(inputs: StepInputs): Target {
  const names = [...targets.keys()];
  const name = inputs.required('target', `one of ${names.join(', ')}`);
  const target = targets.get(name);
  if (target || name === '') return target ?? noTarget;
  const same = names.find((known) => squeeze(known) === squeeze(name));
  const meant = same ?? targetAliases.get(squeeze(name)) ?? nearest(name, names);
  const next = meant ? { next: `Did you mean \`${meant}\`?` } : {};
  inputs.problem('target', { given: `"${name}"`, expected: `one of ${names.join(', ')}`, ...next });
  // Nothing is deployed with it: `ensureNoProblems` throws. Its inputs are checked all the same.
  return targets.get(meant ?? '') ?? noTarget;
}

/** Where no one knows which it is, nothing can be said of the inputs of one: a region that is right would be called wrong. */
const noTarget: Target = {
  inputs: [],
  parse: () => async () => {
    throw new DeployError('INPUT_INVALID', 'could not find the service: the input target names no target', {
      hint: 'Set `target`.',
    });
  },
};

/** Each kind once, whichever target it is: its login may need inputs of its own. */
function parseRegistries(inputs: StepInputs, used: readonly { readonly registry: string }[]): readonly OpenRegistry[] {
  const needed = registries.filter(({ handles }) => used.some(({ registry }) => handles(registry)));
  return needed.map((kind) => kind.parse(inputs));
}

/**
 * `container` holds names that get `image` (`all`: each of its repository), or `name=image` lines for containers with an image of their own. Those that
 * get `image` come first: the first is the main one, which is copied and gets the variables.
 */
function parseImages(inputs: StepInputs): DeployRequest['images'] {
  const image = inputs.parsed<ImageName | null>('image', parseImageName, null);
  const given = inputs.lines('container');
  const sharing = given.filter((line) => !line.includes('='));
  const lines = [...sharing, ...given.filter((line) => line.includes('='))];
  const named = lines.map((line) => parseContainerLine(line, image, inputs));
  const names = lines.map((line) => splitAtEquals(line)[0]);
  for (const name of new Set(names.filter((one, index) => names.indexOf(one) !== index))) {
    inputs.problem('container', { given: `"${name}" twice`, expected: 'each container once' });
  }
  if (lines.length === 0 || sharing.length > 0)
    inputs.required('image', 'registry/repository:tag or registry/repository@sha256:…');
  const images = lines.length === 0 ? [{ container: null, name: image }] : named;
  return images.flatMap(({ container, name }) => (name ? [{ container, name }] : []));
}

function parseContainerLine(
  line: string,
  image: ImageName | null,
  inputs: StepInputs,
): { container: string; name: ImageName | null } {
  const [container, own] = splitAtEquals(line);
  if (line === 'all') return { container: ALL_CONTAINERS, name: image };
  if (!/^[A-Za-z0-9_.-]{1,255}$/.test(container)) {
    inputs.problem('container', { given: `"${line}"`, expected: 'a container name, or name=image, one a line' });
  }
  if (own === null) return { container, name: image };
  return { container, name: inputs.parsed<ImageName | null>('container', () => parseImageName(own), null) };
}

function splitAtEquals(line: string): readonly [name: string, value: string | null] {
  const at = line.indexOf('=');
  return at < 0 ? [line, null] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
}

/** Values separated by commas or line breaks, each once. */
function parseList<T>(text: string, parse: (value: string) => T): readonly T[] {
  const values = text.split(/[\n,]/).map((value) => value.trim());
  return [...new Set(values.filter((value) => value !== ''))].map(parse);
}

/** What only a copy can do; an image that is deployed from where it is would go without it, unsaid. */
function noteNeedsCopyTo(inputs: StepInputs, names: readonly string[]): void {
  if (inputs.text('copy-to') !== '') return;
  for (const name of names.filter((given) => !['', 'false'].includes(inputs.text(given).toLowerCase()))) {
    const next = 'Add `copy-to:`, or remove it.';
    inputs.problem(name, { given: 'a value', expected: 'nothing while there is no copy-to', next });
  }
}

function parseCredentials(inputs: StepInputs): RegistryCredentials | null {
  const username = inputs.text('registry-username');
  const password = inputs.text('registry-password');
  if ((username === '') !== (password === '')) {
    const [given, missing] = username === '' ? ['password', 'username'] : ['username', 'password'];
    const expected = `a value beside registry-${given}`;
    inputs.problem(`registry-${missing}`, { given: null, expected, next: nextForEmpty(`registry-${missing}`) });
  }
  return username !== '' && password !== '' ? { username, password } : null;
}

function parseUrl(inputs: StepInputs): string | null {
  const text = inputs.text('url');
  if (text === '') return null;
  const url = URL.parse(text);
  const isPlain = url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search && !url.hash;
  if (!isPlain) {
    // What was given isn't repeated: a URL that is not plain can hold a password.
    inputs.problem('url', { given: 'something else', expected: 'a plain base URL such as https://agent.acme.dev' });
    return null;
  }
  if (!isForbiddenHost(url)) return url.href.replace(/\/$/, '');
  const given = 'a link-local address or a metadata service, which is never called';
  inputs.problem('url', { given, expected: 'the address of the service' });
  return null;
}
