import { expect, test } from '@jest/globals';
import { captureRestorePoint } from '../../../../../src/clouds/azure/container-apps/capture.ts';
import { parseRestoreData } from '../../../../../src/clouds/azure/container-apps/restore-data.ts';
import { openFakeApp, RESOURCE } from './fake-app.ts';

test('traffic over a hundred labelled revisions is captured whole', async () => {
  const { app, azure } = openFakeApp();
  const entry = (n: number) => ({
    revisionName: `agent--${'r'.repeat(40)}${n}`,
    weight: 1,
    label: `label-with-a-long-name-${n}`,
  });
  azure.traffic = Array.from({ length: 100 }, (_, n) => entry(n));
  const point = JSON.parse(JSON.stringify(await captureRestorePoint(app)));
  const { traffic } = parseRestoreData(point, { resource: RESOURCE });
  const expected = azure.traffic.map((_, n) => ({ revision: entry(n).revisionName, weight: 1, label: entry(n).label }));
  expect(traffic).toEqual(expected);
});
