/** Where a step is, as far as its log says. */
export interface Progress {
  /** Title of the newest log group. */
  readonly phase: string;
  /** Share of the traffic that the new revision has, in percent; null: the log names none. */
  readonly share: number | null;
  /** As the outcome in brackets says it: `rolled-back`. null: not over. */
  readonly outcome: string | null;
  /** Why it failed: first line of the annotation. */
  readonly cause: string | null;
  /** `agent:1 -> agent:2`; null: nothing new is live. */
  readonly move: string | null;
}

export const started: Progress = { phase: '', share: null, outcome: null, cause: null, move: null };

/** Reads the log piece by piece. */
export function followLog(): (text: string) => Progress {
  let rest = '';
  let progress = started;
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    progress = lines.reduce(readLine, progress);
    return progress;
  };
}

function readLine(progress: Progress, line: string): Progress {
  const [, phase] = /^::group::(.*)$/.exec(line) ?? [];
  if (phase) return { ...progress, phase: decode(phase) };
  const [, cause] = /^::error(?: [^:]*)?::(.*)$/.exec(line) ?? [];
  if (cause) return { ...progress, cause: decode(cause).split('\n')[0]! };
  const [, share] = /^[█░]{20} ([\d.]+)% /.exec(line) ?? [];
  if (share) return { ...progress, share: Number(share) };
  const [, outcome] = /^\S+ .* \[([a-z-]+)\]$/.exec(line) ?? [];
  if (outcome) return { ...progress, outcome, share: SHARE_AT_END.get(outcome) ?? progress.share };
  const [, move] = /^(\S+ -> [^\s,]+)(?:, at \S+)?$/.exec(line) ?? [];
  return move ? { ...progress, move } : progress;
}

const SHARE_AT_END: ReadonlyMap<string, number> = new Map([
  ['deployed', 100],
  ['rolled-back', 0],
]);

/** The runner's escapes of a message and of a property. */
export function decode(text: string): string {
  return text.replace(/%(0D|0A|3A|2C|25)/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
