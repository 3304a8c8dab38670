import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { closeAgents } from './agent.ts';
import { type RefusalRow, refuseAlike } from './refusal.ts';
import { cloudRunRefusals } from './refusals-cloud-run.ts';
import { containerAppsRefusals } from './refusals-container-apps.ts';
import { ecsRefusals } from './refusals-ecs.ts';
import { kubernetesRefusals } from './refusals-kubernetes.ts';

afterEach(closeAgents);

const targets: Readonly<Record<string, readonly RefusalRow[]>> = {
  'Amazon ECS': ecsRefusals,
  'Cloud Run': cloudRunRefusals,
  'Container Apps': containerAppsRefusals,
  Kubernetes: kubernetesRefusals,
};
const agreed = new Map<string, number>();

afterAll(() => {
  const all = Object.values(targets).flat().length;
  const done = [...agreed.values()].reduce((sum, count) => sum + count, 0);
  const each = Object.entries(targets).map(([name, rows]) => `${name} ${agreed.get(name) ?? 0} of ${rows.length}`);
  process.stdout.write(`plan and deploy refuse alike: ${done} of ${all} (${each.join(', ')})\n`);
});

describe.each(Object.entries(targets))(
  '%s: a plan is red where the deploy is, with the same code and next step',
  (target, rows) => {
    test.each(rows.map((row) => [row.name, row] as const))('%s', async (_, row) => {
      expect(await refuseAlike(row)).toBe('alike');
      agreed.set(target, (agreed.get(target) ?? 0) + 1);
    });
  },
);
