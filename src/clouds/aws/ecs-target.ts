import type { Io } from '../../io/io.ts';
import { DeployError } from '../../model/errors.ts';
import type { InputReader } from '../../model/input-reader.ts';
import type { OpenTarget, Target } from '../target.ts';

export interface EcsSettings {
  readonly cluster: string;
  readonly service: string;
  /** '': the job's environment names it. */
  readonly region: string;
}

const NAME = /^[A-Za-z0-9_-]{1,255}$/;
const REGION = /^[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}$/;

/** One service in an Amazon ECS cluster, changed by a new task definition revision. */
export const ecsTarget: Target<EcsSettings> = {
  inputs: ['cluster', 'service', 'region'],
  strategies: ['rolling'],
  parse(reader) {
    const cluster = reader.text('cluster') || 'default';
    const service = reader.required('service', 'to find the ECS service to deploy to');
    const region = reader.text('region');
    expectName(reader, 'cluster', cluster);
    if (service !== '') expectName(reader, 'service', service);
    if (region !== '' && !REGION.test(region)) {
      reader.problem('region', { given: region, expected: 'an AWS region', next: 'Write it like eu-west-1.' });
    }
    return { cluster, service, region };
  },
  async open(settings, io): Promise<OpenTarget> {
    const region = findRegion(settings, io);
    // The SDKs are half a megabyte: only who deploys to ECS loads them.
    const { openEcs } = await import('./ecs.ts');
    return openEcs({ ...settings, region }, io);
  },
};

function expectName(reader: InputReader, input: string, given: string): void {
  if (NAME.test(given)) return;
  reader.problem(input, {
    given,
    expected: 'the short name: letters, digits, - and _',
    next: 'Of an ARN, write only what follows the last slash.',
  });
}

function findRegion(settings: EcsSettings, io: Io): string {
  const region = settings.region || io.env['AWS_REGION'] || io.env['AWS_DEFAULT_REGION'] || '';
  if (REGION.test(region)) return region;
  const found = region === '' ? 'none was given' : `AWS_REGION is "${region.slice(0, 40)}"`;
  throw new DeployError('INPUT_INVALID', `could not tell the AWS region of service ${settings.service}: ${found}`, {
    hint: 'Set the input `region`, or run aws-actions/configure-aws-credentials with `aws-region` before this step.',
  });
}
