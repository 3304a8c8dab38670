// Jest gives each test file its own globals and modules. What is made here lives as long as the worker process, for all
// files that it runs.
import { TestEnvironment } from 'jest-environment-node';
import { createAuthority } from '../simulators/edge/certificates.ts';
import { openProcessPool } from '../simulators/process-pool/process-pool.ts';

let authority;

/** See simulators/test-worker.ts. `FRESH_PROCESSES=1 npm test`: a new process for every stage, as on GitHub. */
const testWorker = {
  processPool: process.env.FRESH_PROCESSES ? undefined : openProcessPool(),
  openAuthority: () => (authority ??= createAuthority()),
};

export default class extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    this.global.testWorker = testWorker;
  }
}
