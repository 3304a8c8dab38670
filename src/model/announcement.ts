import type { JsonObject } from './json.ts';

export const ANNOUNCED_EVENTS = ['started', 'failed', 'succeeded'] as const;
export type AnnouncedEvent = (typeof ANNOUNCED_EVENTS)[number];

/** What a template of a webhook may name, as `{cause}`. */
export const PLACEHOLDERS = [
  ...['event', 'outcome', 'headline', 'name', 'resource', 'image', 'revision', 'previous-revision', 'duration'],
  ...['cause', 'next-step', 'url', 'preview-url', 'console-url', 'run-url'],
  ...['repository', 'commit', 'commit-message', 'actor', 'environment'],
] as const;
export type Placeholder = (typeof PLACEHOLDERS)[number];

/** Somewhere to send a message to. */
export interface Channel {
  /** `notify[0]`, which messages name it by. */
  readonly label: string;
  readonly kind: 'slack' | 'webhook' | 'grafana';
  /** https. Secret: whoever has it can write there. */
  readonly url: URL;
  readonly on: readonly AnnouncedEvent[];
  /** Of a webhook: what is sent, with placeholders in its texts; null: everything, as one JSON document. */
  readonly body: JsonObject | null;
  /** Secret, for Grafana; null: none is sent. */
  readonly token: string | null;
}

/** Where a deployment is sent to as a trace, by OTLP over HTTP. */
export interface TraceOptions {
  /** With the path of the signal. */
  readonly endpoint: URL;
  /** By name in lower case. The values are secrets. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What is written on GitHub, and with which token. */
export interface GitHubOptions {
  /** Secret. */
  readonly token: string;
  /** Environment that a deployment is recorded for; null: none is. */
  readonly deployment: string | null;
  /** A comment on the pull request for a plan and a preview. */
  readonly comment: boolean;
  readonly check: 'none' | 'check' | 'status';
  /** A record in the artifact metadata of the organization, of which image runs where. */
  readonly artifactRecord: boolean;
}

export interface AnnouncementOptions {
  readonly channels: readonly Channel[];
  /** null: nothing is written there. */
  readonly github: GitHubOptions | null;
  /** null: no trace is sent. */
  readonly traces: TraceOptions | null;
}
