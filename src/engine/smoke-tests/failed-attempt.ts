import { DeployError, type ErrorCode } from '../../model/errors.ts';
import { joinSentences } from '../../model/sentences.ts';
import type { Attempt } from './attempt.ts';
import { asWritten, excerpt } from './excerpt.ts';

/** Trying again can't help. */
const FINAL: readonly ErrorCode[] = ['INPUT_INVALID', 'UNSUPPORTED'];

/** What an attempt that threw is. @throws the signal's reason; what is not a DeployError */
export function toFailedAttempt(error: unknown, signal: AbortSignal): Attempt {
  signal.throwIfAborted();
  if (!(error instanceof DeployError)) throw error;
  const detail = excerpt(joinSentences(error.message, error.hint), asWritten, 300).slice(1, -1);
  const isUnanswered = error.code === 'NETWORK';
  return { passed: false, reason: detail, detail, final: error.isLasting || FINAL.includes(error.code), isUnanswered };
}

/** What an answer says that isn't the one that was expected. */
export function failed(reason: string, detail: string = reason): Attempt {
  return { passed: false, final: false, reason, detail };
}
