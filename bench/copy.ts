import { parseArgs } from 'node:util';
import { benchCopy } from './copy/bench-copy.ts';

/**
 * npm run bench -- copy [--network cloud|loopback|tls] [--row NAME] [--tool NAME,…] [--runs N]: our image copy beside other
 * tools. What it means, and what was measured: docs/performance.md, whose tables a run of a whole network updates.
 */
const { values } = parseArgs({
  options: {
    network: { type: 'string' },
    row: { type: 'string' },
    tool: { type: 'string' },
    runs: { type: 'string', default: '5' },
  },
});
await benchCopy({ ...values, runs: Number(values.runs) });
process.exit();
