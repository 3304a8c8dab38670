import { expect, test } from '@jest/globals';
import { regionOfEcr } from '../../../../../src/clouds/aws/ecr-host.ts';

test.each([
  ['123456789012.dkr.ecr.eu-west-1.amazonaws.com', 'eu-west-1'],
  ['123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
  ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
  ['123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu', 'eusc-de-east-1'],
  ['123456789012.dkr-ecr.us-east-1.on.aws', 'us-east-1'],
  ['123456789012.dkr-ecr-fips.us-east-1.on.aws', 'us-east-1'],
  ['123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn', 'cn-north-1'],
  ['public.ecr.aws', null],
  ['12345.dkr.ecr.eu-west-1.amazonaws.com', null],
  ['123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.dev', null],
  ['evil.dev/123456789012.dkr.ecr.eu-west-1.amazonaws.com', null],
  ['123456789012.dkr.ecr.eu-west-1.amazonaws.eu.com', null],
])('%s is in the region %s', (host, region) => {
  expect(regionOfEcr(host)).toBe(region);
});
