import type { Json } from '../domain/canonical-json.ts';
import { attributeSchemas } from './attributes.ts';
import { declaration } from './declaration.ts';

/**
 * JSON Schema of a pipeline file, for editors: completion, hover texts and a first check. Draft 7, which the YAML language server
 * understands best. What depends on more than one field is checked by `joinery check` only.
 */
export function pipelineJsonSchema(): { readonly [name: string]: Json } {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Joinery pipeline',
    ...declaration.schema,
    $defs: attributeSchemas,
  };
}

export const pipelineSchemaFile = {
  path: 'schema/pipeline.schema.json',
  render: (): string => `${JSON.stringify(pipelineJsonSchema(), null, 2)}\n`,
};
