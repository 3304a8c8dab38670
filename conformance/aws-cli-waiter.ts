import assert from 'node:assert/strict';
import { CLUSTER, SERVICE } from '../simulators/agent-service.ts';
import { type AwsCliReferee, type Described, described, inCliWorld, seedImage } from './cli-world.ts';

const wait = ['ecs', 'wait', 'services-stable'];

/** The CLI's waiter asks every 15 s of real time, so this takes that long and little work. */
export async function checkCliWaiter(referee: AwsCliReferee): Promise<void> {
  const { tally } = referee;
  await inCliWorld(referee, 'cli-waiter', async (agent, cli) => {
    const { world } = agent;
    await tally.check('aws ecs wait services-stable polls while two deployments are listed, and succeeds', async () => {
      const listed: number[] = [];
      const stop = world.edge.onExchange(({ operation, answer }) => {
        if (operation !== 'ecs:DescribeServices') return;
        listed.push((JSON.parse(String(answer.body)) as Described).services[0]!.deployments.length);
        if (listed.length === 1) void world.clock.advance(300_000);
      });
      world.aws.foreignDeploy(CLUSTER, SERVICE, seedImage(agent, 'v2', {}));
      const { exitCode, stderr } = await cli.run([...wait, ...described]);
      stop();
      assert.deepEqual({ exitCode, stderr, listed }, { exitCode: 0, stderr: '', listed: [2, 1] });
      return 'asked twice';
    });
    await tally.check('aws ecs wait services-stable ends at once for a service that is missing', async () => {
      const { exitCode, stderr } = await cli.run([...wait, '--cluster', CLUSTER, '--services', 'agnet']);
      assert.equal(exitCode, 255);
      assert.match(stderr, /expression "failures\[\]\.reason" we matched expected path: "MISSING"/);
      return undefined;
    });
  });
}
