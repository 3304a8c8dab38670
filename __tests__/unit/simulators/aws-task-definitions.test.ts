import { DescribeTaskDefinitionCommand, RegisterTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import { describe, expect, it } from '@jest/globals';
import { Stage } from './aws-stage.ts';

const app = { name: 'app', image: 'ghcr.io/acme/agent:v2' };
const family = 'web';

describe('task definitions', () => {
  it('keep members that the SDK does not know, on the wire and in the answer', async () => {
    const stage = new Stage();
    const containers = [{ ...app, image: stage.image('v1'), brandNew: { mode: 'fast' } }];
    stage.service({ containers, taskDefinitionExtras: { taskLevelNews: [1, null] } });
    await stage.ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: family }));
    expect(JSON.parse(stage.lastBody).taskDefinition).toMatchObject({
      taskLevelNews: [1, null],
      containerDefinitions: [{ brandNew: { mode: 'fast' } }],
    });
    const document = { family, containerDefinitions: containers, future: true };
    const registered = await register(stage, document);
    expect(registered['taskDefinition']).toMatchObject({ revision: 2, future: true });
    const sent = stage.cloud.wireLog.filter(({ operation }) => operation === 'ecs:RegisterTaskDefinition');
    expect(sent.map(({ body }) => JSON.parse(body))).toEqual([document]);
  });

  it('get the next revision of their family, and tags where asked for', async () => {
    const stage = new Stage();
    stage.service();
    const tags = [{ key: 'commit', value: 'abc' }];
    await stage.ecs.send(new RegisterTaskDefinitionCommand({ family, containerDefinitions: [app], tags }));
    const described = await stage.ecs.send(
      new DescribeTaskDefinitionCommand({ taskDefinition: family, include: ['TAGS'] }),
    );
    expect(described.taskDefinition).toMatchObject({
      revision: 2,
      status: 'ACTIVE',
      registeredAt: new Date(stage.now),
    });
    expect(described.tags).toEqual(tags);
  });

  it.each([
    ['a read-only member', { revision: 1 }, 'ClientException'],
    ['an empty list of tags', { tags: [] }, 'InvalidParameterException'],
    ['no container', { containerDefinitions: [] }, 'ClientException'],
    ['a null in a list', { volumes: [null] }, 'InvalidParameterException'],
    [
      'a name that is a secret and a variable',
      {
        containerDefinitions: [
          { ...app, environment: [{ name: 'KEY', value: 'x' }], secrets: [{ name: 'KEY', valueFrom: 'y' }] },
        ],
      },
      'ClientException',
    ],
  ])('with %s are refused', async (_, members, code) => {
    const stage = new Stage();
    stage.service();
    const answer = await register(stage, { family, containerDefinitions: [app], ...members });
    expect(answer).toMatchObject({ __type: code });
    expect(stage.cloud.ecs.taskDefinitions).toHaveLength(1);
  });

  it('that are not there are a ClientException', async () => {
    const command = new DescribeTaskDefinitionCommand({ taskDefinition: 'nobody:1' });
    await expect(new Stage().ecs.send(command)).rejects.toMatchObject({
      message: 'Unable to describe task definition.',
    });
  });
});

/** Sends any document, signed by the SDK. @returns the answer's JSON as it was on the wire. */
async function register(stage: Stage, document: object): Promise<Record<string, unknown>> {
  const command = new RegisterTaskDefinitionCommand({ family, containerDefinitions: [] });
  command.middlewareStack.add(
    (next) => async (args) => {
      (args.request as { body: string }).body = JSON.stringify(document);
      return next(args);
    },
    { step: 'build', priority: 'high', name: 'sendWireBody' },
  );
  await stage.ecs.send(command).catch(() => null);
  return JSON.parse(stage.lastBody);
}
