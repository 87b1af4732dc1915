import { declaration } from './declaration.ts';
import type { Field, Kind } from './kind.ts';

const introduction = `# The pipeline file: reference

<!-- Made from the declarations in src/pipeline by \`npm run generate\`; do not edit. -->

Every field of a pipeline file. [Writing a pipeline](../pipeline-file.md) explains how they work together, and
\`schema/pipeline.schema.json\` tells them to an editor.

Names in capitals are chosen by the author. Lengths of time are written \`30s\`, \`15m\`, \`24h\`, \`14d\`, \`2w\` or as ISO 8601 durations
(\`PT24H\`, \`P14D\`). Relative paths start at the folder of the pipeline file. \`\${NAME}\` takes a value from the environment; it is possible
for addresses, ids, paths of keys and secrets, and nowhere else.
`;

/** The reference page: type, default, meaning, danger and example of every field. */
export const pipelineReferencePage = {
  path: 'docs/reference/pipeline.md',
  render: (): string => [introduction, ...renderFields(declaration, '')].join('\n'),
};

/** Every field with its path, depth first: for the page, and for checks over all of them. */
export function allFields(
  kind: Kind<unknown> = declaration,
  path = '',
): readonly { readonly path: string; readonly field: Field<unknown> }[] {
  return Object.entries(kind.fields ?? {}).flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`;
    return [{ path: at, field }, ...allFields(innerOf(field.kind), innerPath(field.kind, at))];
  });
}

function renderFields(kind: Kind<unknown>, path: string): string[] {
  return Object.entries(kind.fields ?? {}).flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const inner = innerOf(field.kind);
    return [renderField(at, field), ...renderFields(inner, innerPath(field.kind, at))];
  });
}

/** The kind that holds the fields below: of a map whose names the author chooses, the kind of its values. */
function innerOf(kind: Kind<unknown>): Kind<unknown> {
  return kind.named === undefined ? kind : innerOf(kind.named.kind);
}

function innerPath(kind: Kind<unknown>, path: string): string {
  return kind.named === undefined ? path : innerPath(kind.named.kind, `${path}.${kind.named.name}`);
}

function renderField(path: string, field: Field<unknown>): string {
  const marks = path.split('.').length === 1 ? '##' : '###';
  const lines = [
    `${marks} \`${path}\``,
    '',
    field.doc,
    '',
    `- Type: ${field.kind.words}${field.secret ? ' (a secret: shown nowhere)' : ''}`,
  ];
  lines.push(`- ${presence(field)}`);
  if (field.danger !== undefined) lines.push(`- Danger: ${field.danger}`);
  const name = path.slice(path.lastIndexOf('.') + 1);
  // Not a block: a test loads every YAML block of the documents that begins like a pipeline.
  return [...lines, `- Example: \`${name}: ${field.example}\``, ''].join('\n');
}

function presence(field: Field<unknown>): string {
  if (field.required) return 'Required';
  return field.defaultWords === undefined ? 'Optional' : `Default: \`${field.defaultWords}\``;
}
