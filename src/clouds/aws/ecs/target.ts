import type { Io } from '../../../io/io.ts';
import { DeployError } from '../../../model/errors.ts';
import type { InputReader } from '../../../model/input-reader.ts';
import type { Workload } from '../../../model/workload.ts';
import type { CloudContext, Target } from '../../target.ts';

interface EcsSettings {
  readonly cluster: string;
  readonly service: string;
  /** '': the job's environment names it. */
  readonly region: string;
  /** Twelve digits; '': any. */
  readonly expectedAccount: string;
}

const NAME = /^[A-Za-z0-9_-]{1,255}$/;
const REGION = /^[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}$/;

/** One service in an Amazon ECS cluster, changed by a new task definition revision. */
export const ecsTarget: Target = {
  inputs: ['cluster', 'service', 'region', 'expected-account'],
  parse(reader) {
    const settings = parseSettings(reader);
    return (context) => open(settings, context);
  },
};

function parseSettings(reader: InputReader): EcsSettings {
  const cluster = reader.text('cluster') || 'default';
  const service = reader.required('service', 'the name of the ECS service to deploy to');
  const region = reader.text('region');
  const expectedAccount = reader.text('expected-account');
  expectName(reader, 'cluster', cluster);
  if (service !== '') expectName(reader, 'service', service);
  if (region !== '' && !REGION.test(region)) {
    reader.problem('region', { given: quote(region), expected: 'an AWS region', next: 'Write it like eu-west-1.' });
  }
  if (expectedAccount !== '' && !/^\d{12}$/.test(expectedAccount)) {
    const next = 'Quote it in the workflow, so that a leading 0 stays.';
    reader.problem('expected-account', { given: quote(expectedAccount), expected: 'an account id: 12 digits', next });
  }
  return { cluster, service, region, expectedAccount };
}

function expectName(reader: InputReader, input: string, given: string): void {
  if (NAME.test(given)) return;
  reader.problem(input, {
    given: quote(given),
    expected: 'the short name: letters, digits, - and _',
    next: 'Of an ARN, write only what follows the last slash.',
  });
}

/** It may be anything: a value that went into the wrong input. */
function quote(given: string): string {
  return `"${given.replace(/\s+/g, ' ').slice(0, 60)}"`;
}

async function open(settings: EcsSettings, context: CloudContext): Promise<Workload> {
  const region = findRegion(settings, context.io);
  if (settings.expectedAccount !== '') {
    const { ensureExpectedAccount } = await import('../expected-account.ts');
    await ensureExpectedAccount({ expected: settings.expectedAccount, region }, context);
  }
  // The SDKs are half a megabyte: only a deploy to ECS loads them.
  const { openEcs } = await import('./workload.ts');
  return openEcs({ ...settings, region }, context);
}

function findRegion(settings: EcsSettings, io: Io): string {
  const region = settings.region || io.env['AWS_REGION'] || io.env['AWS_DEFAULT_REGION'] || '';
  if (REGION.test(region)) return region;
  const found = region === '' ? 'none was given' : `AWS_REGION is "${region.slice(0, 40)}"`;
  throw new DeployError('INPUT_INVALID', `could not tell the AWS region of service ${settings.service}: ${found}`, {
    hint: 'Set the input `region`, or run aws-actions/configure-aws-credentials with `aws-region` before this step.',
  });
}
