import { data, Evaluator, Lexer, Parser } from '@actions/expressions';
import { isBasicExpression, isMapping, isSequence } from '@actions/workflow-parser';
import { ensureStatusFunction } from '@actions/workflow-parser/model/converter/if-condition';
import type { MappingToken, TemplateToken } from '@actions/workflow-parser/templates/tokens/index';

/** What an expression can see. */
export interface Scope {
  /** `github`, `env`, `needs`, …: plain values. */
  readonly contexts: Readonly<Record<string, unknown>>;
  readonly status: Status;
  /** Absent: outside of steps there are no files. */
  readonly hashFiles?: (patterns: readonly string[]) => string;
}

/** What `success()`, `failure()` and `cancelled()` say. */
export interface Status {
  readonly success: boolean;
  readonly failure: boolean;
  readonly cancelled: boolean;
}

const CONTEXTS = [
  'github',
  'env',
  'vars',
  'secrets',
  'inputs',
  'needs',
  'strategy',
  'matrix',
  'job',
  'jobs',
  'runner',
  'steps',
];

/** The plain value of a part of a workflow, with every expression in it evaluated by GitHub's evaluator. */
export function evaluate(token: TemplateToken | undefined, scope: Scope): unknown {
  if (!token) return undefined;
  if (isMapping(token)) {
    return Object.fromEntries([...token].map(({ key, value }) => [key.toString(), evaluate(value, scope)]));
  }
  if (isSequence(token)) return [...token].map((item) => evaluate(item, scope));
  if (isBasicExpression(token)) return toPlain(evaluateExpression(token.expression, scope));
  return 'value' in token ? token.value : null;
}

/** A map of texts: `env`, `with`, `outputs`. Numbers and booleans as GitHub writes them, null as nothing. */
export function evaluateTexts(token: TemplateToken | undefined, scope: Scope): Record<string, string> {
  const entries = Object.entries((evaluate(token, scope) ?? {}) as Record<string, unknown>);
  return Object.fromEntries(entries.map(([name, value]) => [name, toText(value)]));
}

export function evaluateText(token: TemplateToken | undefined, scope: Scope): string {
  return toText(evaluate(token, scope));
}

/** An `if`: without a status function, it holds only while all went well. */
export function evaluateCondition(token: TemplateToken | undefined, scope: Scope): boolean {
  const text = token ? (isBasicExpression(token) ? token.expression : token.toString().trim()) : '';
  const condition = text === '' ? 'success()' : ensureStatusFunction(text, token?.definitionInfo);
  const value = toPlain(evaluateExpression(condition, scope));
  return value !== false && value !== null && value !== 0 && value !== '';
}

/** A key of a map; undefined: it is not there. */
export function find(token: TemplateToken | undefined, key: string): TemplateToken | undefined {
  return token && isMapping(token) ? token.find(key) : undefined;
}

export function entriesOf(token: TemplateToken | undefined): readonly (readonly [string, MappingToken])[] {
  if (!token || !isMapping(token)) return [];
  return [...token].map(({ key, value }) => [key.toString(), value.assertMapping('a job')]);
}

export function toText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? (Array.isArray(value) ? 'Array' : 'Object') : String(value);
}

function evaluateExpression(expression: string, scope: Scope): data.ExpressionData {
  const functions = functionsOf(scope);
  const infos = [...functions.values()];
  const tree = new Parser(new Lexer(expression).lex().tokens, CONTEXTS, infos).parse();
  const contexts = Object.fromEntries(CONTEXTS.map((name) => [name, scope.contexts[name] ?? {}]));
  return new Evaluator(tree, fromPlain(contexts) as data.Dictionary, functions).evaluate();
}

function functionsOf({ status, hashFiles }: Scope) {
  const flag = (name: string, value: boolean) => ({
    name,
    minArgs: 0,
    maxArgs: 0,
    call: () => new data.BooleanData(value),
  });
  const list = [
    flag('success', status.success),
    flag('failure', status.failure),
    flag('cancelled', status.cancelled),
    flag('always', true),
    {
      name: 'hashfiles',
      minArgs: 1,
      maxArgs: 255,
      call: (...patterns: data.ExpressionData[]) =>
        new data.StringData(hashFiles?.(patterns.map((pattern) => pattern.coerceString())) ?? ''),
    },
  ];
  return new Map(list.map((each) => [each.name, each]));
}

function fromPlain(value: unknown): data.ExpressionData {
  return JSON.parse(JSON.stringify(value), data.reviver) as data.ExpressionData;
}

function toPlain(value: data.ExpressionData): unknown {
  return JSON.parse(JSON.stringify(value, data.replacer));
}
