import type { JsonObject } from '../json.ts';
import { AwsError } from './aws-error.ts';
import { compact, readNumber, readString } from './json.ts';

interface LogLine {
  readonly at: number;
  readonly message: string;
}

const MOST_EVENTS = 10_000;

/** CloudWatch Logs, as far as the awslogs driver writes and GetLogEvents reads. */
export class Logs {
  readonly #groups = new Map<string, Map<string, LogLine[]>>();

  /** Adds to a stream; makes it, and its group, where they aren't there yet. */
  write(group: string, stream: string, lines: readonly LogLine[]): void {
    const streams = this.#groups.get(group) ?? new Map<string, LogLine[]>();
    this.#groups.set(group, streams);
    streams.set(stream, [...(streams.get(stream) ?? []), ...lines]);
  }

  getLogEvents(body: JsonObject): JsonObject {
    const lines = this.#find(readString(body, 'logGroupName'), readString(body, 'logStreamName'));
    const limit = readNumber(body, 'limit') ?? MOST_EVENTS;
    if (limit < 1 || limit > MOST_EVENTS) throw new AwsError('InvalidParameterException', `Invalid limit: ${limit}`);
    const wanted = lines.filter((line) => isWithin(line.at, body));
    const { from, to } = page(wanted.length, limit, body);
    return {
      events: wanted.slice(from, to).map((line) =>
        compact({
          timestamp: line.at,
          message: line.message,
          ingestionTime: line.at,
        }),
      ),
      nextForwardToken: `f/${to}`,
      nextBackwardToken: `b/${from}`,
    };
  }

  #find(group: string | null, stream: string | null): readonly LogLine[] {
    const streams = this.#groups.get(group ?? '');
    if (!streams) throw new AwsError('ResourceNotFoundException', 'The specified log group does not exist.');
    const lines = streams.get(stream ?? '');
    if (!lines) throw new AwsError('ResourceNotFoundException', 'The specified log stream does not exist.');
    return lines;
  }
}

function isWithin(at: number, body: JsonObject): boolean {
  const from = readNumber(body, 'startTime') ?? Number.NEGATIVE_INFINITY;
  const until = readNumber(body, 'endTime') ?? Number.POSITIVE_INFINITY;
  return at >= from && at < until;
}

/** Without a token: the newest lines, or with startFromHead the oldest. At an end the same token comes back. */
function page(count: number, limit: number, body: JsonObject): { from: number; to: number } {
  const token = /^([fb])\/(\d+)$/.exec(readString(body, 'nextToken') ?? '');
  const position = Number(token?.[2] ?? 0);
  if (token?.[1] === 'f') return { from: Math.min(position, count), to: Math.min(position + limit, count) };
  if (token?.[1] === 'b') return { from: Math.max(position - limit, 0), to: position };
  if (body['startFromHead'] === true) return { from: 0, to: Math.min(limit, count) };
  return { from: Math.max(count - limit, 0), to: count };
}
