/**
 * What of a plan writes or locks, in words that follow "would". Node types: PostgreSQL, src/backend/commands/explain.c; ModifyTable is INSERT, UPDATE, DELETE and MERGE wherever they stand, LockRows is FOR
 * UPDATE and FOR SHARE.
 */
export function findWritingNode(plan: unknown): string | undefined {
  if (typeof plan !== 'object' || plan === null) return undefined;
  const node: unknown = Reflect.get(plan, 'Node Type');
  if (node === 'ModifyTable') return `change ${tableOf(plan)}`;
  if (node === 'LockRows') return 'lock rows';
  for (const part of Object.values(plan)) {
    const found = findWritingNode(part);
    if (found !== undefined) return found;
  }
  return undefined;
}

function tableOf(node: object): string {
  const name: unknown = Reflect.get(node, 'Relation Name');
  return typeof name === 'string' ? `the table ${name}` : 'a table';
}
