import { afterEach, describe, expect, test } from '@jest/globals';
import { ECR_HOST } from '../../simulators/world.ts';
import { closeAgents, givenAgent } from './agent.ts';

afterEach(closeAgents);

const modes = ['deploy', 'plan'];
const withoutLogin = { 'registry-username': '', 'registry-password': '', 'copy-to': '' };
const DENIED =
  'User: arn:aws:sts::123456789012:assumed-role/deploy/github is not authorized to perform: ecr:BatchGetImage on resource: ' +
  'arn:aws:ecr:eu-west-1:210987654321:repository/agent because no resource-based policy allows the ecr:BatchGetImage action';

describe('an image in ECR that the role cannot pull', () => {
  // https://github.com/aws/aws-cdk/issues/29876
  test.each(modes)('in another account: the repository’s policy is named, not the role’s (mode: %s)', async (mode) => {
    const agent = await givenAgent();
    const body = JSON.stringify({ errors: [{ code: 'DENIED', message: DENIED }] });
    const act = { kind: 'status', status: 403, headers: { 'content-type': 'application/json' }, body } as const;
    agent.world.edge.faults.add({ operation: /^registry:(?:GET|HEAD) manifest$/, when: 'before', act });
    const { main } = await agent.deploy({ image: `${ECR_HOST}/agent:v1`, ...withoutLogin, mode });
    expect(main.outputs['outcome']).toBe('refused');
    expect(main.log).toMatch(
      /^::error.*Next step: Allow ecr:BatchGetImage to the role in the policy of the resource itself/m,
    );
    expect(main.log).not.toContain('to the policy of the role');
  });

  test.each(modes)('in a pull-through cache: the permissions of the first pull are named (mode: %s)', async (mode) => {
    const agent = await givenAgent();
    // The guide's policy is that of another repository.
    agent.world.aws.enforce(null);
    const { main } = await agent.deploy({ image: `${ECR_HOST}/docker-hub/library/nginx:1.29`, ...withoutLogin, mode });
    expect(main.outputs['outcome']).toBe('refused');
    expect(main.log).toMatch(
      /^::error.*pull-through cache, the first pull of an image needs ecr:BatchImportUpstreamImage, and ecr:CreateRepository/m,
    );
  });
});
