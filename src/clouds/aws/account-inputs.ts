import type { Io } from '../../io/io.ts';
import { DeployError } from '../../model/errors.ts';
import type { InputReader } from '../../model/input-reader.ts';

/** Where in AWS, as the inputs say. */
export interface AccountInputs {
  /** '': the job's environment names it. */
  readonly region: string;
  /** Twelve digits; '': any. */
  readonly expectedAccount: string;
}

export const ACCOUNT_INPUTS = ['region', 'expected-account'] as const;

const REGION = /^[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}$/;

export function readAccountInputs(reader: InputReader): AccountInputs {
  const region = reader.text('region');
  const expectedAccount = reader.text('expected-account');
  if (region !== '' && !REGION.test(region)) {
    const meant = region.toLowerCase().replace(/-?(\d{1,2})[a-f]?$/, '-$1');
    const next = REGION.test(meant) ? `Did you mean \`${meant}\`?` : 'Write it like eu-west-1.';
    reader.problem('region', { given: quote(region), expected: 'an AWS region', next });
  }
  if (expectedAccount !== '' && !/^\d{12}$/.test(expectedAccount)) {
    const next = 'Quote it in the workflow, so that a leading 0 stays.';
    reader.problem('expected-account', { given: quote(expectedAccount), expected: 'an account id: 12 digits', next });
  }
  return { region, expectedAccount };
}

/** It may be anything: a value that went into the wrong input. */
export function quote(given: string): string {
  return `"${given.replace(/\s+/g, ' ').slice(0, 60)}"`;
}

/**
 * @param what completes "could not tell the AWS region of …": `service agent`
 * @throws DeployError INPUT_INVALID where neither the input nor the job says
 */
export function findRegion(given: string, what: string, io: Pick<Io, 'env'>): string {
  const region = given || io.env['AWS_REGION'] || io.env['AWS_DEFAULT_REGION'] || '';
  if (REGION.test(region)) return region;
  const found = region === '' ? 'none was given' : `AWS_REGION is "${region.slice(0, 40)}"`;
  throw new DeployError('INPUT_INVALID', `could not tell the AWS region of ${what}: ${found}`, {
    hint: 'Set the input `region`, or run aws-actions/configure-aws-credentials with `aws-region` before this step.',
  });
}
