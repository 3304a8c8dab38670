import { givenCloudRun } from '../scenarios/cloud-run-agent.ts';
import { testContract } from './contract-suite.ts';
import { blueGreen, canary, preview, rolling, rowsOn } from './process-stage.ts';

testContract('cloud-run', rowsOn(givenCloudRun, [rolling, canary, blueGreen, preview]));
