import { givenAgent } from '../scenarios/agent.ts';
import { testContract } from './contract-suite.ts';
import { rolling, rowsOn } from './process-stage.ts';

testContract('ecs', rowsOn(givenAgent, [rolling]));
