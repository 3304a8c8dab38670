import type { JsonObject } from '../model/json.ts';
import { explainWrongAnswer, parseAnswer, WrongAnswer } from '../model/wrong-answer.ts';

/**
 * The JSON object that a registry sent. What is wrong inside of it is for the caller to find.
 * @throws DeployError NETWORK for what no registry sends: a proxy's web page, nothing, an empty object
 */
export function readDocument(bytes: Buffer, { what, registry }: { readonly what: string; readonly registry: string }) {
  try {
    return ensureMembers(parseAnswer(bytes.toString(), registry), registry);
  } catch (error) {
    throw error instanceof WrongAnswer ? explainWrongAnswer(error, what) : error;
  }
}

function ensureMembers(document: JsonObject, registry: string): JsonObject {
  if (Object.keys(document).length > 0) return document;
  throw new WrongAnswer('the answer is an empty object', registry);
}
