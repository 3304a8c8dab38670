import type { Story } from './stories.ts';

export interface StoryEnd {
  readonly title: string;
  /** What differs from how the story is told; empty: nothing. */
  readonly problems: readonly string[];
  /** Simulated time. */
  readonly durationMs: number;
  readonly visits: { readonly asked: number; readonly failed: number };
  /** What the live service answers at the end. */
  readonly now: { readonly status: number; readonly body: string };
}

/** How the demo is shown. Nothing is decided here. */
export interface View {
  /** True: the action's log is to have colours. */
  readonly wantsColours: boolean;
  begin(cloud: string, story: Story): void;
  /** A part of the action's log, as it comes. */
  output(text: string): void;
  /** A user cancels the job. */
  cancelled(): void;
  end(ended: StoryEnd): void;
  close(ends: readonly StoryEnd[], wallMs: number): void;
}

export interface Terminal {
  write(text: string): void;
  /** Lines that were written can be written over. */
  readonly isTerminal: boolean;
  readonly hasColours: boolean;
  readonly columns: number;
}

/** `67s` below two minutes, then `3m 15s`. */
export function formatTime(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return seconds < 120 ? `${seconds}s` : `${Math.floor(seconds / 60)}m ${seconds % 60}s`;
}

export function describeAll(ends: readonly StoryEnd[], wallMs: number): string {
  const passed = ends.filter(({ problems }) => problems.length === 0).length;
  const simulated = ends.reduce((sum, { durationMs }) => sum + durationMs, 0);
  return `${passed} of ${ends.length} stories ended as expected: ${formatTime(simulated)} of simulated time in ${(wallMs / 1_000).toFixed(1)}s.`;
}
