import {
  type AnnouncementParsers,
  loadAnnouncementParsers,
  noParsers,
  parseAnnouncements,
} from '../inputs/announcements.ts';
import { readStepInputs } from '../inputs/step-inputs.ts';
import type { Io } from '../io/io.ts';
import type { RunRecord } from '../model/outcome.ts';
import type { Evidence } from '../report/evidence.ts';
import type { StartedOnGitHub } from './github/tell-github.ts';
import { maskSecrets } from './mask-secrets.ts';

/** Tells people and GitHub how the run goes. It throws nothing, and no deployment waits for it longer than seconds. */
export interface Announcer {
  /** For the check of the inputs. */
  readonly parsers: AnnouncementParsers;
  /** A deployment starts. Goes on by itself. */
  start(record: RunRecord, options: StartOptions): void;
  /** The newest commit that the environment had before, once GitHub has said so; null: it has not. */
  previousCommit(): string | null;
  /** How it ended, by texts that may be read by anyone. */
  end(evidence: Evidence): Promise<void>;
}

export interface StartOptions {
  /** Aborted when the job is cancelled. */
  readonly signal: AbortSignal;
  /** It gets no traffic. */
  readonly isPreview: boolean;
}

const silent: Announcer = { parsers: noParsers, start: () => {}, previousCommit: () => null, end: async () => {} };

/** What is wrong with the inputs is said with all other problems. Nothing is loaded unless someone is to be told. */
export async function openAnnouncer(io: Io): Promise<Announcer> {
  const inputs = readStepInputs(io.env);
  if (['notify', 'github-token', 'otlp-endpoint'].every((name) => inputs.text(name) === '')) return silent;
  const parsers = await loadAnnouncementParsers(inputs);
  const options = parseAnnouncements(inputs, parsers);
  maskSecrets(options, io.log);
  let started: StartedOnGitHub | null = null;
  let starting: Promise<void> = Promise.resolve();
  return {
    parsers,
    start(record, how) {
      starting = (async () => {
        const { announceStart } = await import('./announce.ts');
        started = await announceStart({ options, record, io, ...how });
      })();
      // It throws nothing of its own; a file of the action that can't be loaded must not end the process either.
      starting.catch(() => {});
    },
    previousCommit: () => started?.previousCommit ?? null,
    async end(evidence) {
      try {
        await starting;
        const { announceEnd } = await import('./announce.ts');
        await announceEnd({ options, started, evidence, io });
      } catch (error) {
        io.log.debug(`announcements: ${error instanceof Error ? error.message : error}`);
      }
    },
  };
}
