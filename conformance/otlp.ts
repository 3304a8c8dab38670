import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openAgentService } from '../simulators/agent-service.ts';
import { type JsonObject, objectsAt, textAt } from '../simulators/json.ts';
import { actionEntries } from './action-entries.ts';
import { runWell } from './run-program.ts';
import type { Tally } from './tally.ts';

interface OtlpReferee {
  /** A Python that has opentelemetry-proto. */
  readonly program: string;
  readonly tally: Tally;
  readonly directory: string;
}

const CHECK = path.join(import.meta.dirname, 'check_otlp.py');

/** OpenTelemetry's own protos read the trace that a run of the action sends. */
export async function checkWithOtlpProtos({ program, tally, directory }: OtlpReferee): Promise<void> {
  await mkdir(directory, { recursive: true });
  const bodies = await recordTraces();
  await tally.check("OpenTelemetry's own protos describe every member of a trace that the action sends", async () => {
    assert.equal(bodies.length, 1);
    const { trace, unknown } = await read(bodies[0]!);
    assert.deepEqual(unknown, []);
    const [whole] = objectsAt(trace, 'resourceSpans');
    const spans = objectsAt(objectsAt(whole!, 'scopeSpans')[0]!, 'spans');
    assert.equal(textAt(spans[0]!, 'name'), 'deploy agent');
    assert.ok(
      spans.every((span) => BigInt(textAt(span, 'endTimeUnixNano')) >= BigInt(textAt(span, 'startTimeUnixNano'))),
    );
    return `${spans.length} spans, ${bodies[0]!.length} bytes`;
  });
  await tally.check('and they notice a member that they do not describe', async () => {
    // Field 15 of the request.
    const { unknown } = await read(Buffer.concat([bodies[0]!, Buffer.from([0x7a, 0x01, 0x41])]));
    assert.deepEqual(unknown, ['/15']);
  });

  async function read(body: Buffer): Promise<{ readonly trace: JsonObject; readonly unknown: readonly string[] }> {
    const file = path.join(directory, 'trace.bin');
    await writeFile(file, body);
    return JSON.parse(await runWell(program, [CHECK, file]));
  }
}

async function recordTraces(): Promise<readonly Buffer[]> {
  const agent = await openAgentService({ entries: actionEntries() });
  const { telemetry, edge } = agent.world;
  const bodies: Buffer[] = [];
  edge.onExchange(({ operation, request }) => {
    if (operation === 'otlp:Export') bodies.push(request.body);
  });
  await agent.deploy({
    image: agent.world.publish('v2', {}),
    'smoke-tests': '- GET /',
    'otlp-endpoint': telemetry.otlpUrl,
    'otlp-headers': `authorization=Bearer ${telemetry.otlpToken}`,
    environment: 'production',
  });
  await agent.close();
  return bodies;
}
