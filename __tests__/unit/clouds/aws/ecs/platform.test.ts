import { describe, expect, test } from '@jest/globals';
import { platformOf } from '../../../../../src/clouds/aws/ecs/platform.ts';

const fargate = { launchType: 'FARGATE' } as const;
const instances = { launchType: 'EC2' } as const;
const amd64 = { os: 'linux', architecture: 'amd64', variant: null };
const arm64 = { os: 'linux', architecture: 'arm64', variant: null };

describe('what a task definition runs on', () => {
  test.each([
    ['X86_64', 'LINUX', amd64],
    ['ARM64', 'LINUX', arm64],
    ['X86_64', 'WINDOWS_SERVER_2022_CORE', { ...amd64, os: 'windows' }],
    ['X86_64', 'WINDOWS_SERVER_2019_FULL', { ...amd64, os: 'windows' }],
    ['RISC_V', 'LINUX', null],
    ['ARM64', 'FREEBSD', null],
  ])('%s and %s', (cpuArchitecture, operatingSystemFamily, platform) => {
    const document = { runtimePlatform: { cpuArchitecture, operatingSystemFamily } };
    expect(platformOf(document, fargate)).toEqual(platform);
    expect(platformOf(document, instances)).toEqual(platform);
  });

  test('on Fargate is X86_64 and LINUX where it does not say', () => {
    expect(platformOf({}, fargate)).toEqual(amd64);
    expect(platformOf({ runtimePlatform: {} }, fargate)).toEqual(amd64);
    expect(platformOf({ runtimePlatform: { cpuArchitecture: 'ARM64' } }, fargate)).toEqual(arm64);
    const spot = { capacityProviderStrategy: [{ capacityProvider: 'FARGATE' }, { capacityProvider: 'FARGATE_SPOT' }] };
    expect(platformOf({}, spot)).toEqual(amd64);
    expect(platformOf({ requiresCompatibilities: ['FARGATE'] }, {})).toEqual(amd64);
  });

  test('on instances is what the cluster has where it does not say, so it is not known', () => {
    expect(platformOf({ requiresCompatibilities: ['EC2', 'FARGATE'] }, instances)).toBeNull();
    expect(platformOf({ requiresCompatibilities: ['EC2', 'FARGATE'] }, {})).toBeNull();
    expect(platformOf({}, { capacityProviderStrategy: [{ capacityProvider: 'graviton' }] })).toBeNull();
  });
});
