import { textAt } from '../../../model/json.ts';
import type { ContainerApp } from './app.ts';

export interface ChangeStatus {
  readonly isDone: boolean;
  /** What Azure says, where it failed. */
  readonly error: string | null;
}

/** The progress of a change that Azure has accepted; without a URL there is nothing to wait for. https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations */
export async function readChangeStatus(app: ContainerApp, url: string | null): Promise<ChangeStatus> {
  if (url === null) return { isDone: true, error: null };
  const action = 'Microsoft.App/locations/containerappOperationStatuses/read';
  const what = `read the progress of the change of ${app.resource}`;
  const document = await app.arm.follow(url, { what, action, signal: app.signal });
  const status = textAt(document, 'status').toLowerCase();
  const isFailed = status === 'failed' || status === 'canceled';
  const message = textAt(document, 'error', 'message').split('\n')[0] ?? '';
  const error = `${textAt(document, 'error', 'code') || status}: ${message.slice(0, 400)}`;
  return { isDone: isFailed || status === 'succeeded', error: isFailed ? error : null };
}
