import type { InputReader } from '../../../model/input-reader.ts';
import type { Workload } from '../../../model/workload.ts';
import type { CloudContext, Target } from '../../target.ts';
import { ACCOUNT_INPUTS, type AccountInputs, findRegion, quote, readAccountInputs } from '../account-inputs.ts';

interface EcsSettings extends AccountInputs {
  readonly cluster: string;
  readonly service: string;
  readonly allowsEmpty: boolean;
}

const NAME = /^[A-Za-z0-9_-]{1,255}$/;

/** One service in an Amazon ECS cluster, changed by a new task definition revision. */
export const ecsTarget: Target = {
  inputs: ['cluster', 'service', 'allow-empty', ...ACCOUNT_INPUTS],
  parse(reader) {
    const settings = parseSettings(reader);
    return (context) => open(settings, context);
  },
};

function parseSettings(reader: InputReader): EcsSettings {
  const cluster = reader.text('cluster') || 'default';
  const service = reader.required('service', 'the name of the ECS service to deploy to');
  expectName(reader, 'cluster', cluster);
  if (service !== '') expectName(reader, 'service', service);
  return { cluster, service, allowsEmpty: reader.boolean('allow-empty', false), ...readAccountInputs(reader) };
}

function expectName(reader: InputReader, input: string, given: string): void {
  if (NAME.test(given)) return;
  reader.problem(input, {
    given: quote(given),
    expected: 'the short name: letters, digits, - and _',
    next: 'Of an ARN, write only what follows the last slash.',
  });
}

async function open(settings: EcsSettings, context: CloudContext): Promise<Workload> {
  const region = findRegion(settings.region, `service ${settings.service}`, context.io);
  if (settings.expectedAccount !== '') {
    const { ensureExpectedAccount } = await import('../expected-account.ts');
    await ensureExpectedAccount({ expected: settings.expectedAccount, region }, context);
  }
  // The SDKs are half a megabyte: only a deploy to ECS loads them.
  const { openEcs } = await import('./workload.ts');
  return openEcs({ ...settings, region }, context);
}
