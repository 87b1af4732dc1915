export type { Mapping, MappingEnvironment, MappingResult, SourceColumn } from './contract.ts';
export { compileMapping } from './compile-mapping.ts';
export { checkSourceColumns } from './check-source-columns.ts';
export { runMappingTests, type CaseResult, type MappingTestOptions, type MappingTestReport } from './testing/run-tests.ts';
export { renderCoverage } from './testing/draw-coverage.ts';
export { renderJUnit, renderTestReport } from './testing/report.ts';
export type { CoverageItem } from './testing/coverage.ts';
export type { Mismatch } from './testing/compare.ts';
