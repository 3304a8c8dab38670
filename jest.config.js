// Real signals at every call take as long as a quarter of everything else, and start dist/: CI runs them, after its build. So
// does what is about real time.
const signalLoops = ['/scenarios/(.*-)?kill\\.test\\.ts$', '/scenarios/ecs-cancel\\.test\\.ts$'];
const realTime = ['/scenarios/(verdict-to-exit|smoke-protocols)\\.test\\.ts$'];
// Half of what takes longest in `npm run fuzz`, so that both workers have it; `npm test` plays a few in the other file.
const secondHalves = ['/scenarios/passing-failures-kubernetes-half\\.test\\.ts$'];
const isFuzz = Number(process.env.FUZZ_TIMES ?? 1) >= 5;
const isOnDist = process.env.SCENARIOS_ON === 'dist';
if (!isOnDist)
  process.stdout.write(
    'Loops of SIGKILL and SIGINT, and tests in real time, run on dist/ only: SCENARIOS_ON=dist npm test -- kill cancel verdict smoke-protocols\n',
  );

/** @type {import('jest').Config} */
export default {
  testEnvironment: '<rootDir>/scripts/jest-environment.js',
  // No tests are in src/: without it, a file of it that no test loads would not be counted.
  roots: ['<rootDir>/__tests__', '<rootDir>/src'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: [
    '/node_modules/',
    ...(isOnDist ? [] : [...signalLoops, ...realTime]),
    ...(isFuzz ? [] : secondHalves),
  ],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': '<rootDir>/scripts/jest-transform.js',
    '/@actions/(workflow-parser|languageservice)/.*\\.js$': '<rootDir>/scripts/json-imports-transform.js',
  },
  transformIgnorePatterns: ['/node_modules/(?!@actions/(workflow-parser|languageservice)/)'],
  collectCoverageFrom: ['src/**/*.ts'],
  // V8's own costs twice the time, as it looks at everything that is loaded: the SDKs in every test file.
  coverageProvider: 'babel',
  // The tests wait for child processes most of the time; jest's own choice is one worker on two cores.
  maxWorkers: '100%',
  // Far above what any takes, for a machine that does something else too.
  testTimeout: 180_000,
  reporters: ['default', '<rootDir>/scripts/closing-line-reporter.js'],
};
