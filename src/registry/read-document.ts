import { type JsonObject, listAt, textAt } from '../model/json.ts';
import { explainWrongAnswer, parseAnswer, WrongAnswer } from '../model/wrong-answer.ts';

/**
 * The JSON object that a registry sent. What is wrong inside of it is for the caller to find.
 * @throws DeployError NETWORK for what no registry sends: a proxy's web page, nothing, an empty object, errors
 */
export function readDocument(bytes: Buffer, { what, registry }: { readonly what: string; readonly registry: string }) {
  try {
    return ensureMembers(parseAnswer(bytes.toString(), registry), registry);
  } catch (error) {
    throw error instanceof WrongAnswer ? explainWrongAnswer(error, what) : error;
  }
}

function ensureMembers(document: JsonObject, registry: string): JsonObject {
  if (Object.keys(document).length === 0) throw new WrongAnswer('the answer is an empty object', registry);
  // As a mirror says it that passes on a refusal, and loses its status.
  if (!Array.isArray(document['errors'])) return document;
  const codes = listAt(document, 'errors').map((error) => textAt(error, 'code'));
  const said = codes.filter((code) => /^[A-Z_]{1,50}$/.test(code)).slice(0, 3);
  throw new WrongAnswer(`the answer is a list of errors${said.length > 0 ? ` (${said.join(', ')})` : ''}`, registry);
}
