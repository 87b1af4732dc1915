export { parseAttributePath } from './attribute-path.ts';
export { assignAttribute, getAttribute, isObject, removeAttribute, setAttribute } from './access.ts';
export { differences, isEmpty, toldDifferences } from './differences.ts';
export { managerPath, resolveAttributePath, type ResolvedPath } from './resolve.ts';
export { createSchemaSet, type Attribute } from './schema.ts';
export { checkSimpleValue } from './check-value.ts';
export { validatePayload } from './validate.ts';
export { nearestName } from './nearest-name.ts';
