import { renderDiagnostic } from '../../domain/diagnostic.ts';
import { formatPlace } from '../../domain/place.ts';
import type { CaseResult, MappingTestReport } from './run-tests.ts';

/** The report as a person reads it: a line per case, and under a failed one what was expected and what came. */
export function renderTestReport(report: MappingTestReport): string {
  const lines = [report.file];
  for (const one of report.cases) {
    lines.push(`  ${one.passed ? 'pass' : 'FAIL'}  ${one.name}`);
    if (!one.passed) lines.push(...failureLines(one).map((line) => `        ${line}`));
  }
  for (const diagnostic of report.diagnostics) lines.push(renderDiagnostic(diagnostic, report.sources));
  const failed = report.cases.filter(({ passed }) => !passed).length;
  lines.push(`  ${String(report.cases.length - failed)} passed, ${String(failed)} failed`);
  return lines.join('\n');
}

function failureLines(one: CaseResult): readonly string[] {
  return [
    `at ${formatPlace(one.place)}`,
    ...one.mismatches.flatMap(({ what, expected, actual }) => [what, `  - expected ${expected}`, `  + came     ${actual}`]),
  ];
}

/** JUnit XML of several files, as build servers read it. No times: the same results give the same text. */
export function renderJUnit(reports: readonly MappingTestReport[]): string {
  const suites = reports.map((report) => {
    const errors = report.diagnostics.filter(({ severity }) => severity === 'error');
    const failures = report.cases.filter(({ passed }) => !passed).length;
    const cases = report.cases.map((one) => {
      const head = `    <testcase classname="${escape(report.file)}" name="${escape(one.name)}" file="${escape(one.place.file)}" line="${String(one.place.line)}"`;
      if (one.passed) return `${head}/>`;
      const [first] = one.mismatches;
      const message = first === undefined ? '' : `${first.what}: expected ${first.expected}, came ${first.actual}`;
      return `${head}>\n      <failure message="${escape(message)}">${escape(failureLines(one).join('\n'))}</failure>\n    </testcase>`;
    });
    const broken = errors.map((diagnostic) => {
      const text = renderDiagnostic(diagnostic, report.sources);
      return `    <testcase classname="${escape(report.file)}" name="${escape(diagnostic.code)}">\n      <error message="${escape(diagnostic.message)}">${escape(text)}</error>\n    </testcase>`;
    });
    const counts = `tests="${String(report.cases.length + errors.length)}" failures="${String(failures)}" errors="${String(errors.length)}"`;
    return [`  <testsuite name="${escape(report.file)}" ${counts}>`, ...cases, ...broken, '  </testsuite>'].join('\n');
  });
  return ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites>', ...suites, '</testsuites>', ''].join('\n');
}

/** Control characters have no form in XML 1.0, not even escaped. */
function escape(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\n', '&#10;');
}
