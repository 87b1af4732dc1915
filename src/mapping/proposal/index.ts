export { proposeKey } from './key.ts';
export { propose } from './propose.ts';
export type { Proposal } from './proposal.ts';
export { statusVocabulary } from './status-words.ts';
export { writePipeline } from './write-pipeline.ts';
