import path from 'node:path';
import type { Entries } from '../simulators/agent.ts';

/** The action as SCENARIOS_ON says: from src/ (default) or dist/. */
export function actionEntries(): Entries {
  const root = path.resolve(import.meta.dirname, '..');
  const [folder, ending] =
    process.env['SCENARIOS_ON'] === 'dist' ? ['dist', 'js'] : ['__tests__/fixtures/entries', 'ts'];
  const entry = (name: string): string => path.join(root, folder, `${name}.${ending}`);
  return { main: entry('main'), post: entry('post') };
}
