type Level = 'none' | 'read' | 'write';
const RANK: Readonly<Record<Level, number>> = { none: 0, read: 1, write: 2 };

/** What the token of a job may do, and what it was used for. */
export class Permissions {
  readonly granted: Readonly<Record<string, Level>>;
  readonly #job: string;
  readonly #used = new Map<string, Level>();

  /** `value`: as in the workflow; undefined: nothing was said, and the repository's default (read) holds. */
  constructor(job: string, value: unknown) {
    this.#job = job;
    this.granted = toMap(value);
  }

  allows(scope: string, level: Level): boolean {
    const allowed = RANK[this.granted[scope] ?? 'none'] >= RANK[level];
    if (allowed && RANK[level] > RANK[this.#used.get(scope) ?? 'none']) this.#used.set(scope, level);
    return allowed;
  }

  /** @throws Error in GitHub's words. */
  ensure(scope: string, level: Level): void {
    if (!this.allows(scope, level)) {
      throw new Error(`Resource not accessible by integration: job ${this.#job} has no ${scope}: ${level}`);
    }
  }

  /** For `uses:` of a workflow: it gets no more than its caller has. */
  within(caller: Permissions): Permissions {
    const less = Object.entries(this.granted).map(([scope, level]) => [
      scope,
      RANK[level] <= RANK[caller.granted[scope] ?? 'none'] ? level : (caller.granted[scope] ?? 'none'),
    ]);
    return new Permissions(this.#job, Object.fromEntries(less));
  }

  /** `id-token: write`, sorted. */
  get used(): readonly string[] {
    return [...this.#used].map(([scope, level]) => `${scope}: ${level}`).sort();
  }
}

function toMap(value: unknown): Record<string, Level> {
  if (typeof value === 'object' && value !== null) return value as Record<string, Level>;
  if (value === undefined) return { contents: 'read', packages: 'read' };
  throw new Error(`permissions: ${String(value)} is more than any job needs`);
}
