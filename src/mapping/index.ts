export type { Mapping, MappingEnvironment, MappingResult } from './contract.ts';
export { compileMapping } from './compile-mapping.ts';
