import type { Agent } from '../../simulators/agent.ts';
import type { FaultAct } from '../../simulators/edge/faults.ts';
import type { ActionOptions } from '../../simulators/runner.ts';
import { S } from './secret-inventory.ts';

export interface Story {
  readonly title: string;
  /** What the step's outcome is; null: it did not live to say. */
  readonly outcome: string | null;
  readonly behaviour?: object;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly faults?: Readonly<Record<string, FaultAct>>;
  readonly dockerConfig?: string;
  readonly options?: (agent: Agent) => Partial<ActionOptions>;
  /** That the story was the one that it was meant to be. */
  readonly says?: RegExp;
}

export const status = (code: number, body: string, more: Readonly<Record<string, string>> = {}): FaultAct => ({
  kind: 'status',
  status: code,
  headers: more,
  body,
});

export const awsError = (type: string, message: string): FaultAct =>
  status(400, JSON.stringify({ __type: type, message, Detail: S.errorField.value }), {
    'content-type': 'application/x-amz-json-1.1',
  });

/** As the cloud says it, with all that it was sent. */
export const canonical = `The request signature we calculated does not match the signature you provided.\n\nThe Canonical String for this request should have been\n'POST\n/\n\nx-amz-security-token:${S.sessionToken.value}\n'`;
