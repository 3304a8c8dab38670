import type { World } from '../../../simulators/world.ts';
import type { Outside } from '../stand-ins/outside.ts';

/** A live service, as a visitor and its owner see it. */
export interface LiveService {
  /** Everything that a user configures and that serves, without audit fields. */
  snapshot(): unknown;
  /** Answer of its first page: `v1`. */
  version(): Promise<string>;
}

export interface Clouds {
  readonly outside: Outside;
  /** What the owner of this world writes into the lines that are marked TODO. None equals what the template has there. */
  readonly values: Readonly<Record<string, string>>;
  readonly staging: readonly LiveService[];
  readonly production: readonly LiveService[];
  /** Whose network a job of this environment is in; null: a job without one. */
  worldOf(environment: string | null): World;
  /** Where a job of this environment that may write `id-token` gets its token from. */
  oidcOf(environment: string): Readonly<Record<string, string>>;
  /** The variables that the guide sets for this environment. */
  varsOf(environment: string): Readonly<Record<string, string>>;
  /** What is stored in the settings of this environment; absent: nothing. */
  secretsOf?(environment: string): Readonly<Record<string, string>>;
}

/** What every owner of a project in `projects/python` writes. */
export const commonValues: Readonly<Record<string, string>> = {
  branches: '[main]',
  IMAGE: 'ghcr.io/acme/agent',
  CONTEXT: '.',
  DOCKERFILE: 'Dockerfile',
  TEST: [
    'pip install --requirement requirements.txt --requirement requirements-dev.txt',
    'ruff check .',
    'mypy .',
    'pytest tests/unit --cov --cov-report=term-missing --cov-fail-under=80',
    'pytest tests/integration',
  ].join('\n'),
  SMOKE_TESTS: '- GET /health\n- GET /greeting: { contains: hello }',
};
