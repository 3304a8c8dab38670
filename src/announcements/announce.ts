import type { CancellableIo, Io } from '../io/io.ts';
import { withinTime } from '../io/within-time.ts';
import type { AnnouncementOptions, Channel, TraceOptions } from '../model/announcement.ts';
import { describeError } from '../model/errors.ts';
import type { RunRecord } from '../model/outcome.ts';
import { joinSentences } from '../model/sentences.ts';
import type { Evidence } from '../report/evidence.ts';
import { type RunFacts, readSafeRunFacts } from '../report/run-facts.ts';
import { sendToChannel } from './channels/send.ts';
import type { StartedOnGitHub } from './github/tell-github.ts';
import { endedMessage, type Message, startedMessage } from './message.ts';

const START_MS = 5_000;
const END_MS = 8_000;

interface Start {
  readonly options: AnnouncementOptions;
  readonly record: RunRecord;
  readonly io: Io;
  readonly signal: AbortSignal;
  readonly isPreview: boolean;
}

/** Returns what was recorded on GitHub; null: nothing. Throws nothing. */
export async function announceStart({
  options,
  record,
  io,
  signal,
  isPreview,
}: Start): Promise<StartedOnGitHub | null> {
  const run = readSafeRunFacts(io);
  const { github } = options;
  const message = startedMessage(record, run, isPreview);
  const onGitHub = github
    ? tryTo('GitHub', io, () => startOnGitHub({ options: github, record, run, io, signal, isPreview }))
    : Promise.resolve(null);
  await Promise.all(channelsOf(options, message).map((channel) => tell(channel, message, { io, signal }, START_MS)));
  return await onGitHub;
}

interface GitHubStart extends Omit<Start, 'options'> {
  readonly options: NonNullable<AnnouncementOptions['github']>;
  readonly run: RunFacts;
}

async function startOnGitHub({ io, signal, ...start }: GitHubStart): Promise<StartedOnGitHub | null> {
  const { startOnGitHub: begin } = await import('./github/tell-github.ts');
  return await begin({ ...start, io, within: (body) => withinTime(START_MS, { io, signal }, body) });
}

interface End {
  readonly options: AnnouncementOptions;
  readonly started: StartedOnGitHub | null;
  readonly evidence: Evidence;
  readonly io: Io;
}

/** Throws nothing. */
export async function announceEnd({ options, started, evidence, io }: End): Promise<void> {
  const { signal } = new AbortController();
  const { github } = options;
  // A plan changes nothing that anyone has to be told of.
  const message = evidence.record.forecast ? null : endedMessage(evidence);
  const channels = message ? channelsOf(options, message) : [];
  await Promise.all([
    ...channels.map((channel) => tell(channel, message!, { io, signal }, END_MS)),
    ...(message && options.traces ? [tellTrace(evidence, options.traces, { io, signal })] : []),
    ...(github
      ? [
          tryTo('GitHub', io, async () => {
            const { endOnGitHub } = await import('./github/tell-github.ts');
            await endOnGitHub({
              options: github,
              started,
              evidence,
              io,
              within: (body) => withinTime(END_MS, { io, signal }, body),
            });
          }),
        ]
      : []),
  ]);
}

async function tellTrace(evidence: Evidence, traces: TraceOptions, context: CancellableIo): Promise<void> {
  const { io } = context;
  await tryTo(`otlp-endpoint (${traces.endpoint.host})`, io, async () => {
    const { sendTrace } = await import('./traces/send-trace.ts');
    const id = await withinTime(END_MS, context, (signal) => sendTrace(evidence, traces, { io, signal }));
    io.log.info(`Trace ${id} was sent to ${traces.endpoint.host}.`);
  });
}

function channelsOf({ channels }: AnnouncementOptions, { event }: Message): readonly Channel[] {
  return channels.filter(({ on }) => on.includes(event));
}

async function tell(channel: Channel, message: Message, context: CancellableIo, ms: number): Promise<void> {
  const { io } = context;
  const send = () => withinTime(ms, context, (signal) => sendToChannel(channel, message, { io, signal }));
  await tryTo(`${channel.label} (${channel.kind})`, io, send);
}

/** One notice for what could not be told. */
async function tryTo<T>(what: string, io: Io, body: () => Promise<T>): Promise<T | null> {
  try {
    return await body();
  } catch (error) {
    const { message, hint } = describeError(error);
    io.log.notice(joinSentences(`${what}: ${message}`, hint));
    return null;
  }
}
