import { Secret } from '../domain/masking.ts';
import { entryOf, type YamlMap, type YamlScalar } from './yaml-tree.ts';
import { reportKind, type Kind } from './kind.ts';
import type { Reading } from './reading.ts';
import { holdsLiteralPassword, holdsReference } from './literal-password.ts';
import { resolveReferences } from './references.ts';

const secretWords = 'a reference such as ${NAME}, or { file: path }';
const fileSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['file'],
  properties: { file: { type: 'string', description: 'File that holds nothing but the secret; a line feed at its end does not count.' } },
};

/** A secret: one whole reference to the environment, or a file. Written out in the pipeline it is refused, and masked in the message. */
export const secret: Kind<Secret> = {
  words: secretWords,
  schema: { anyOf: [{ type: 'string', pattern: '^\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}$' }, fileSchema] },
  read(node, path, reading) {
    if (node.kind === 'map') return fromFile(node, path, reading);
    if (node.kind === 'list' || node.value === null) return reportKind(reading, node, path, secretWords);
    if (!/^\$\{[^}]*\}?$/.test(node.decoded().text)) return reportLiteral(node, path, reading, 'is written in the file');
    const resolved = resolveReferences(node, reading, 'stand-in');
    return resolved === undefined ? undefined : new Secret(path, resolved.text);
  },
};

/**
 * The address of a database. Host and database may be written out, the password may not: it comes from the environment, as a part
 * or as the whole address.
 */
export const connection: Kind<Secret> = {
  words: secretWords,
  schema: { anyOf: [{ type: 'string', pattern: '\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}' }, fileSchema] },
  read(node, path, reading) {
    if (node.kind === 'map') return fromFile(node, path, reading);
    if (node.kind === 'list' || node.value === null) return reportKind(reading, node, path, secretWords);
    const written = node.decoded().text;
    if (!holdsReference(written)) return reportLiteral(node, path, reading, 'is written in the file');
    if (holdsLiteralPassword(written)) return reportLiteral(node, path, reading, 'holds a password that is written in the file');
    const resolved = resolveReferences(node, reading, 'postgres://stand-in');
    return resolved === undefined ? undefined : new Secret(path, resolved.text);
  },
};

function reportLiteral(node: YamlScalar, path: string, reading: Reading, words: string): undefined {
  reading.mask(node.range);
  return reading.report('PIP-204', node.range, `${path} ${words}`);
}

function fromFile(node: YamlMap, path: string, reading: Reading): Secret | undefined {
  const file = entryOf(node, 'file');
  if (file === undefined || node.entries.length > 1) return reportKind(reading, node, path, secretWords);
  reading.remember(`${path}.file`, file.keyRange, file.value);
  if (file.value.kind !== 'scalar' || typeof file.value.value !== 'string')
    return reportKind(reading, file.value, `${path}.file`, 'a path');
  const name = resolveReferences(file.value, reading, '');
  if (name === undefined) return undefined;
  if (name.stoodIn) return new Secret(path, 'stand-in');
  const text = reading.readSecret(name.text, file.value.range)?.replace(/\r?\n$/, '');
  if (text === '') return reading.report('PIP-205', file.value.range, `${reading.displayPath(name.text)} is empty`);
  return text === undefined ? undefined : new Secret(path, text);
}
