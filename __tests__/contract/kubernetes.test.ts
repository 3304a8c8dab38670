import { givenKubernetes } from '../scenarios/kubernetes-agent.ts';
import { testContract } from './contract-suite.ts';
import { blueGreen, canary, preview, rolling, rowsOn } from './process-stage.ts';

testContract('kubernetes', rowsOn(givenKubernetes, [rolling, canary, blueGreen, preview]));
