import { expect, test } from '@jest/globals';
import { formatRestoreCommand } from '../../../../../src/clouds/azure/container-apps/workload.ts';
import { OLD, point } from './fake-app.ts';

const app = { name: 'agent', resourceGroup: 'production' };
const at = '--name agent --resource-group production';

test.each([
  ['with several revisions, activates the previous one and gives it the traffic', point, `activate ${at} --revision`],
  [
    'with one revision, copies the previous one',
    { ...point, data: { ...point.data, mode: 'single', traffic: null } },
    `copy ${at} --from-revision ${OLD}`,
  ],
  // Thrown here, it would take the place of the outcome that the command is part of.
  ['for a restore point that can’t be read, lists the revisions', { ...point, data: {} }, `list ${at} --all`],
])('the command to run by hand: %s', (_, given, command) => {
  expect(formatRestoreCommand(app, given)).toContain(`az containerapp revision ${command}`);
});
