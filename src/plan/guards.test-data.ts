import type { GuardsDeclaration, Limit } from '../pipeline/pipeline.ts';

export const department = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department';
const limit = (share: number, atLeast: number, atMost?: number): Limit => ({
  share,
  atLeast,
  ...(atMost === undefined ? {} : { atMost }),
});
/** Limits whose figures are easy to reckon with. */
export const guards: GuardsDeclaration = {
  leavers: limit(0.02, 10, 500),
  joiners: limit(0.1, 50),
  enables: limit(0.05, 25),
  renames: limit(0.01, 10),
  rekeys: limit(0.01, 5),
  emptied: { each: limit(0.02, 10), attributes: { [department]: limit(0, 0, 0) } },
  changes: { each: limit(0.2, 50), attributes: {}, groups: { by: department, share: 0.75, minimum: 20 } },
  rejections: limit(0.05, 10),
  keyless: limit(0.005, 5, 100),
  population: limit(0.05, 10),
  week: 3,
  first: { joiners: 100, rejections: limit(0.01, 0) },
};
