import { textAt } from '../../../model/json.ts';
import type { ContainerApp } from './app.ts';

export interface ChangeStatus {
  readonly isDone: boolean;
  /** Azure's words, where it failed. */
  readonly error: string | null;
}

/** How a change goes on that Azure has taken. https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations */
export async function readChangeStatus(app: ContainerApp, url: string | null): Promise<ChangeStatus> {
  if (url === null) return { isDone: true, error: null };
  const action = 'Microsoft.App/locations/containerappOperationStatuses/read';
  const what = `read how the change of ${app.resource} goes on`;
  const document = await app.arm.follow(url, { what, action, signal: app.io.signal });
  const status = textAt(document, 'status').toLowerCase();
  const isFailed = status === 'failed' || status === 'canceled';
  const said = textAt(document, 'error', 'message').split('\n')[0] ?? '';
  const error = `${textAt(document, 'error', 'code') || status}: ${said.slice(0, 400)}`;
  return { isDone: isFailed || status === 'succeeded', error: isFailed ? error : null };
}
