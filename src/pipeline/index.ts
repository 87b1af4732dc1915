/** Pipeline files: read, checked, with a place for every problem. */
export { loadPipeline, type LoadedPipeline, type LoadOptions } from './load.ts';
export type * from './pipeline.ts';
