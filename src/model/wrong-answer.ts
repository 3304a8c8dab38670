import { DeployError } from './errors.ts';
import { isJsonObject, type JsonObject, tryParseJson } from './json.ts';

/**
 * An answer with a status of success that the API did not write: a proxy's web page, `null`, an empty document. Thrown
 * where bodies are read; who knows what was requested makes a DeployError of it.
 */
export class WrongAnswer extends Error {
  override readonly name = 'WrongAnswer';
  /** Who should have answered: the host, or the platform's name. */
  readonly server: string;

  /** @param why `the API answered with a web page instead of JSON` */
  constructor(why: string, server: string) {
    super(why);
    this.server = server;
  }
}

const explained = new WeakSet<object>();

/**
 * It may pass, so the code is NETWORK. It says nothing about what the platform did with a request that changes something.
 * @param what completes "could not …"
 */
export function explainWrongAnswer({ message, server }: WrongAnswer, what: string): DeployError {
  const error = new DeployError('NETWORK', `could not ${what}: ${message}`, {
    hint: `Check the proxy between the runner and ${server}, then run again.`,
  });
  explained.add(error);
  return error;
}

/** Was it made by `explainWrongAnswer`? */
export function isWrongAnswer(error: object): boolean {
  return explained.has(error);
}

/** The JSON object that a body is. @throws WrongAnswer */
export function parseAnswer(text: string, server: string): JsonObject {
  const parsed = tryParseJson(text);
  if (isJsonObject(parsed)) return parsed;
  throw new WrongAnswer(describeBody(text), server);
}

/** The document, which has to have one of these members with a value. @throws WrongAnswer */
export function ensureOneOf<T>(document: T, members: readonly string[], server: string): T {
  const hasOne = isJsonObject(document) && members.some((name) => (document[name] ?? null) !== null);
  if (hasOne) return document;
  throw new WrongAnswer(`the answer has no ${members.join(' or ')}`, server);
}

/** What is wrong with a body that should be a JSON object. Nothing of it is quoted: it may hold a secret. */
export function describeBody(text: string): string {
  if (text.trim() === '') return 'the answer is empty';
  if (text.trimStart().startsWith('<')) return 'the API answered with a web page instead of JSON';
  return tryParseJson(text) === undefined ? 'the answer is not JSON' : 'the answer is not a JSON object';
}
