import { isJsonObject, type JsonObject, listAt, textAt } from '../../../model/json.ts';
import { describeBody, WrongAnswer } from '../../../model/wrong-answer.ts';
import { explainErrors } from '../errors.ts';
import type { RunService } from './service.ts';

const HOST = 'logging.googleapis.com';
const MOST_LINES = 20;
const LONGEST_LINE = 1_000;

/**
 * The last lines that a revision's containers printed, and what Cloud Run said of their ends, the oldest first. Cloud Logging
 * has them some seconds later. https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list
 * @throws DeployError PERMISSION_DENIED, …
 */
export async function readLastLines(run: RunService, revision: string): Promise<readonly string[]> {
  const { project, region, service, credentials, signal } = run;
  const labels = { service_name: service, location: region, revision_name: revision };
  const filter = [
    'resource.type="cloud_run_revision"',
    ...Object.entries(labels).map(([name, value]) => `resource.labels.${name}="${value}"`),
    // Cloud Run's own lines on each request.
    'NOT logName:"%2Frequests"',
  ].join(' AND ');
  const body = { resourceNames: [`projects/${project}`], filter, orderBy: 'timestamp desc', pageSize: MOST_LINES };
  const call = { what: `read the log of ${revision}`, permission: 'logging.logEntries.list', signal };
  return await explainErrors(call, async () => {
    const url = `https://${HOST}/v2/entries:list`;
    const { data } = await credentials.client.request<unknown>({
      method: 'POST',
      url,
      data: body,
      responseType: 'json',
      signal,
    });
    if (!isJsonObject(data)) throw new WrongAnswer(describeBody(JSON.stringify(data ?? null)), HOST);
    return listAt(data, 'entries')
      .map(textOf)
      .filter((line) => line !== '')
      .toReversed();
  });
}

/** A line of text, or what a structured one calls its message. */
function textOf(entry: JsonObject): string {
  const text = textAt(entry, 'textPayload') || textAt(entry, 'jsonPayload', 'message');
  return text.trimEnd().slice(0, LONGEST_LINE);
}
