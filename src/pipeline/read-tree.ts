import type { Reading } from './reading.ts';
import { buildTree, parseYaml } from './yaml-document.ts';
import type { YamlNode } from './yaml-tree.ts';

/** The tree of the file; undefined after a report if there is none to read. */
export function readTree(reading: Reading): YamlNode | undefined {
  const parsed = parseYaml(reading.lines.text);
  if (parsed.document.errors.length > 0) {
    for (const error of parsed.document.errors) reading.report('PIP-002', error.pos, error.message);
    return undefined;
  }
  const { root, problems } = buildTree(parsed);
  for (const { code, range, message, fix } of problems) reading.report(code, range, message, { fix });
  return root ?? reading.report('PIP-102', [0, 0], 'the file is empty', { fix: 'Begin with pipeline: and a name.' });
}
