import { describe, expect, it } from '@jest/globals';
import { GoogleStage, SERVICE } from './google-stage.ts';

interface Entries {
  readonly entries?: readonly { readonly textPayload: string; readonly severity: string; readonly timestamp: string }[];
}

async function read(stage: GoogleStage, revision: string, more: object = {}) {
  const filter = `resource.type="cloud_run_revision" AND resource.labels.revision_name="${revision}"`;
  const body = Buffer.from(JSON.stringify({ resourceNames: ['projects/acme-prod'], filter, ...more }));
  const headers = { authorization: `Bearer ${stage.token}` };
  const answer = await stage.request('https://logging.googleapis.com/v2/entries:list', {
    method: 'POST',
    headers,
    body,
  });
  return { status: answer.status, ...(JSON.parse(String(answer.body)) as Entries) };
}

describe('the log of a revision', () => {
  it('has what its container printed, and how it ended', async () => {
    const stage = new GoogleStage();
    stage.service();
    const crash = { afterMs: 500, exitCode: 3, logs: ["KeyError: 'OPENAI_API_KEY'"] };
    const operation = await stage.deploy(stage.image('v2', { logs: ['starting'], crash }), 'agent-two');
    expect((await read(stage, 'agent-two')).entries).toBeUndefined();
    await stage.wait(operation);
    const texts = ['starting', "KeyError: 'OPENAI_API_KEY'", 'Container called exit(3).'];
    expect((await read(stage, 'agent-two')).entries?.map(({ textPayload }) => textPayload)).toEqual(texts);
    const newest = await read(stage, 'agent-two', { orderBy: 'timestamp desc', pageSize: 2 });
    expect(newest.entries?.map(({ textPayload }) => textPayload)).toEqual(texts.toReversed().slice(0, 2));
    expect((await read(stage, 'agent-none')).entries).toBeUndefined();
  });

  it('needs a permission of its own', async () => {
    const stage = new GoogleStage();
    stage.service();
    stage.cloud.deny('logging.logEntries.list');
    expect((await read(stage, SERVICE)).status).toBe(403);
  });
});
