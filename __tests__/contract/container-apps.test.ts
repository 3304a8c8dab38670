import { givenApp } from '../scenarios/container-apps-agent.ts';
import { testContract } from './contract-suite.ts';
import { blueGreen, canary, preview, rolling, rowsOn } from './process-stage.ts';

testContract(
  'container-apps with several revisions',
  rowsOn(() => givenApp({ app: { mode: 'Multiple' } }), [rolling, canary, blueGreen, preview]),
);
testContract(
  'container-apps with one revision',
  rowsOn(() => givenApp({ app: { mode: 'Single' } }), [rolling]),
);
