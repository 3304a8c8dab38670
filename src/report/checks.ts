import { formatDuration } from '../model/duration.ts';
import type { Analysis, Outcome, RunRecord } from '../model/outcome.ts';
import type { SmokeTestResult } from '../model/smoke-test.ts';
import { codeSpan, escapeMarkdown, folded, table } from './escape.ts';

/** Smoke tests and analyses, each folded behind its counts. */
export function checksSection({ kind }: Outcome, { smokeTests, analyses, restoredTests }: RunRecord): string {
  // Where nothing was deployed, there was nothing to test.
  const none = kind === 'refused' ? '' : 'No smoke tests ran.';
  const parts = [
    smokeTests ? smokeTestPart('Smoke tests', smokeTests) : none,
    analysisPart(analyses),
    restoredTests ? smokeTestPart('Smoke tests on the previous revision', restoredTests) : '',
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function smokeTestPart(what: string, results: readonly SmokeTestResult[]): string {
  const rows = results.map((result): string[] => [
    markOf(result.passed),
    codeSpan(result.name),
    String(result.attempts),
    formatDuration(result.durationMs),
    escapeMarkdown(result.detail),
  ]);
  const passed = results.filter((result) => result.passed).length;
  const title = `${markOf(passed === results.length)} ${what}: ${passed} of ${results.length} passed`;
  return folded(title, table(['Passed', 'Test', 'Attempts', 'Duration', 'Result'], rows));
}

function analysisPart(analyses: readonly Analysis[]): string {
  if (analyses.length === 0) return '';
  const rows = analyses.map(({ share, passed, passedRounds, roundsWithoutData }) => [
    passed === null ? 'not finished' : markOf(passed),
    escapeMarkdown(share),
    String(passedRounds),
    String(roundsWithoutData),
  ]);
  const passed = analyses.filter((analysis) => analysis.passed).length;
  const mark = analyses.some((analysis) => analysis.passed === null) ? '' : `${markOf(passed === analyses.length)} `;
  const title = `${mark}Analysis: ${passed} of ${analyses.length} traffic shares passed`;
  return folded(title, table(['Passed', 'Traffic', 'Rounds of checks passed', 'Rounds without data'], rows));
}

function markOf(passed: boolean): string {
  return passed ? '✅' : '❌';
}
