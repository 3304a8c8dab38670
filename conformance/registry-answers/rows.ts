import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { AnswerRow } from './answer-with.ts';

/** Answers of registries, and what we make of each. */
export const answerRows = JSON.parse(
  readFileSync(path.join(import.meta.dirname, 'rows.json'), 'utf8'),
) as readonly AnswerRow[];
