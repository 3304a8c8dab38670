import { setTimeout as sleep } from 'node:timers/promises';
import { openSimulatedStage } from '../../simulators/kubernetes-agent.ts';
import { openWorld } from '../../simulators/world.ts';
import type { Tally } from '../tally.ts';
import { apiSteps } from './api-steps.ts';
import { differences } from './compare-answers.ts';
import type { Connection } from './control-plane.ts';
import { RealApi } from './real-api.ts';

/** The same requests to the simulated API server and to the real one: the same answers, but for what comes by chance. */
export async function compareApis(connection: Connection, tally: Tally): Promise<void> {
  await tally.check(`${apiSteps.length} requests are answered as by a real API server`, async () => {
    const wrong = await findDifferences(connection);
    if (wrong.length > 0) throw new Error(`\n${wrong.join('\n')}`);
    return undefined;
  });
  await tally.check('a planted difference in an answer is found', async () => {
    const reply = { status: 200, object: { spec: { replicas: 3 }, metadata: { uid: 'a' } }, text: '', warning: '' };
    const other = { ...reply, object: { spec: { replicas: 4 }, metadata: { uid: 'b' } } };
    const found = differences(reply, other);
    if (found.join() !== '.body.spec.replicas: real 3, simulated 4') throw new Error(`found ${JSON.stringify(found)}`);
    return undefined;
  });
}

/** A line for each place in an answer. */
export async function findDifferences(connection: Connection): Promise<readonly string[]> {
  const world = await openWorld();
  const stage = await openSimulatedStage(world);
  const api = new RealApi(connection);
  const wrong: string[] = [];
  for (const { title, path, ask, afterMs = 0 } of apiSteps) {
    await Promise.all([sleep(afterMs), stage.pass(afterMs)]);
    const [real, simulated] = [await api.send(path, ask), await stage.api(path, ask)];
    wrong.push(...differences(real, simulated).map((line) => `${title}${line}`));
  }
  await api.send('/api/v1/namespaces/compared', { method: 'DELETE' });
  api.close();
  await world.close();
  return wrong;
}
