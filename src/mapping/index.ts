export type { Mapping, SourceColumn } from './contract.ts';
export { compileMapping } from './compile-mapping.ts';
export { runMappingTests, type MappingTestReport } from './testing/run-tests.ts';
export { renderCoverage } from './testing/draw-coverage.ts';
export { renderJUnit, renderTestReport } from './testing/report.ts';
