import type { Json } from '../domain/canonical-json.ts';
import type { AttributePath } from '../domain/payload.ts';
import { writableTargets, type AttributeMapping } from './attribute-mapping.ts';
import type { ScopeClause } from './job.ts';
import { isArray, isObject, memberOf, textMember, type JsonObject } from './json.ts';
import { defaultSourceAttributes, managerPath } from './scim-source.ts';

/** What a job makes of its schema document. */
export interface JobSchema {
  readonly mappings: readonly AttributeMapping[];
  readonly schemaExtensions: readonly AttributePath[];
  readonly scope: readonly ScopeClause[];
  /** Source attributes whose `flowNullValues` is set: the first of the two gates of clearing. */
  readonly flowNull: readonly AttributePath[];
}

const sourceObject = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** The document in Graph's shape (contract 4.4). Names of directories and objects are inferred there. */
export function buildSchema(id: string, schema: JobSchema): JsonObject {
  const sources = [...new Set([...defaultSourceAttributes, ...schema.schemaExtensions])];
  return {
    id,
    version: 'v1.0',
    directories: [
      directory('API', sourceObject, sources.map((name) => attribute(name, sourceType(name), schema.flowNull.includes(name), name === 'externalId'))), // prettier-ignore
      directory('Microsoft Entra ID', 'User', [...writableTargets, 'manager', 'objectId'].map((name) => attribute(name, targetType(name), false, name === 'objectId'))), // prettier-ignore
    ],
    synchronizationRules: [
      {
        id: 'API2AAD',
        name: 'USER_INBOUND_USER',
        priority: 1,
        editable: true,
        sourceDirectoryName: 'API',
        targetDirectoryName: 'Microsoft Entra ID',
        containerFilter: null,
        groupFilter: null,
        metadata: [],
        objectMappings: [
          {
            name: 'Synchronize API users to Microsoft Entra ID',
            enabled: true,
            flowTypes: 'Add, Update, Delete',
            sourceObjectName: sourceObject,
            targetObjectName: 'User',
            metadata: [],
            scope: schema.scope.length === 0 ? null : scopeBody(schema.scope),
            attributeMappings: [...schema.mappings.map(mappingBody), mappingBody({ source: managerPath, target: 'manager' })],
          },
        ],
      },
    ],
  };
}

function directory(name: string, object: string, attributes: readonly JsonObject[]): JsonObject {
  return {
    id: name,
    name,
    version: '1',
    readOnly: false,
    discoverabilities: 'None',
    discoveryDateTime: null,
    objects: [{ name: object, supportedApis: [], metadata: [], attributes }],
  };
}

function attribute(name: string, type: string, flowNullValues: boolean, anchor: boolean): JsonObject {
  return {
    anchor,
    caseExact: false,
    defaultValue: null,
    flowNullValues,
    multivalued: false,
    mutability: 'ReadWrite',
    name,
    required: anchor,
    type,
    apiExpressions: [],
    metadata: [],
    referencedObjects: type === 'Reference' ? [{ referencedObjectName: 'User', referencedProperty: null }] : [],
  };
}

function sourceType(name: string): string {
  if (name === 'active') return 'Boolean';
  return name === managerPath ? 'Reference' : 'String';
}

function targetType(name: string): string {
  if (name === 'accountEnabled') return 'Boolean';
  if (name === 'employeeHireDate' || name === 'employeeLeaveDateTime') return 'DateTime';
  return name === 'manager' ? 'Reference' : 'String';
}

function mappingBody(mapping: AttributeMapping): JsonObject {
  const { source, target } = mapping;
  // The text of the real default expressions is not documented; these say what the emulator does.
  const expression = target === 'mailNickname' ? `Word([${source}], 1, "@")` : `[${source}]`;
  return {
    targetAttributeName: target,
    defaultValue: mapping.defaultValue ?? null,
    exportMissingReferences: false,
    flowBehavior: 'FlowWhenChanged',
    flowType: mapping.objectAddOnly === true ? 'ObjectAddOnly' : 'Always',
    matchingPriority: target === 'employeeId' ? 1 : 0,
    source: { type: expression.startsWith('[') ? 'Attribute' : 'Function', name: expression.startsWith('[') ? source : 'Word', expression, parameters: [] },
  }; // prettier-ignore
}

function scopeBody(scope: readonly ScopeClause[]): JsonObject {
  const clauses = scope.map(({ attribute: name, operator, value }) => ({
    operatorName: operator,
    sourceOperandName: name,
    targetOperand: { values: value === undefined ? [] : [value] },
  }));
  return { groups: [{ name: 'scope', clauses }], inputFilterGroups: [], categoryFilterGroups: [] };
}

/** What the document makes the job do, or the reason why the service would refuse it. */
export function readSchema(document: JsonObject): JobSchema | string {
  const directories = listOf(document, 'directories');
  const rules = listOf(document, 'synchronizationRules');
  const source = directories.find((one) => textMember(one, 'name') === textMember(rules[0] ?? {}, 'sourceDirectoryName'));
  const objectMapping = listOf(rules[0] ?? {}, 'objectMappings')[0];
  if (source === undefined || objectMapping === undefined) return 'The schema has no rule that names one of its directories as source.';
  const attributes = listOf(listOf(source, 'objects')[0] ?? {}, 'attributes');
  const names = attributes.map((one) => textMember(one, 'name') ?? '');
  if (names.includes('') || new Set(names.map((name) => name.toLowerCase())).size !== names.length) {
    return 'The attributes of an object have to have names that differ.';
  }
  const mappings: AttributeMapping[] = [];
  for (const body of listOf(objectMapping, 'attributeMappings')) {
    const mapping = readMapping(body);
    if (mapping === undefined) return 'An attribute mapping has no target, or a source that the emulator does not evaluate.';
    // A mapping whose source is not in the schema has no effect; the manager is handled apart.
    if (mapping.target !== 'manager' && names.includes(mapping.source)) mappings.push(mapping);
  }
  const scope = readScope(objectMapping);
  if (typeof scope === 'string') return scope;
  return {
    mappings,
    schemaExtensions: names.filter((name) => !defaultSourceAttributes.includes(name)),
    scope,
    flowNull: attributes.filter((one) => one['flowNullValues'] === true).map((one) => textMember(one, 'name') ?? ''),
  };
}

function readMapping(body: JsonObject): AttributeMapping | undefined {
  const target = textMember(body, 'targetAttributeName') ?? '';
  const source = memberOf(body, 'source');
  if (target === '' || !isObject(source)) return undefined;
  const expression = textMember(source, 'expression') ?? '';
  // The emulator does not evaluate the service's functions: an expression stands for the one attribute that it reads.
  const name = /^[^[]*\[((?:[^[\]]|\[[^\]]*\])+)\]/.exec(expression)?.[1] ?? (textMember(source, 'type') === 'Attribute' ? textMember(source, 'name') : undefined); // prettier-ignore
  if (name === undefined) return undefined;
  const defaultValue = textMember(body, 'defaultValue');
  return {
    source: name,
    target,
    ...(defaultValue === undefined ? {} : { defaultValue }),
    ...(textMember(body, 'flowType') === 'ObjectAddOnly' ? { objectAddOnly: true } : {}),
  };
}

const operators = ['EQUALS', 'NOT EQUALS', 'IS NULL', 'IS NOT NULL', 'REGEX MATCH'] as const;

function readScope(objectMapping: JsonObject): readonly ScopeClause[] | string {
  const scope = memberOf(objectMapping, 'scope');
  if (!isObject(scope)) return [];
  const groups = [...listOf(scope, 'groups'), ...listOf(scope, 'inputFilterGroups')].filter((group) => listOf(group, 'clauses').length > 0);
  if (groups.length > 1) return 'The emulator takes one group of scoping clauses.';
  const clauses: ScopeClause[] = [];
  for (const clause of listOf(groups[0] ?? {}, 'clauses')) {
    const operator = operators.find((one) => one === textMember(clause, 'operatorName'));
    const attributeName = textMember(clause, 'sourceOperandName');
    if (operator === undefined || attributeName === undefined) return 'A scoping clause has an operator that the emulator does not know.';
    const operand = memberOf(clause, 'targetOperand');
    const values: Json = isObject(operand) ? (operand['values'] ?? []) : [];
    const value = isArray(values) ? values[0] : undefined;
    clauses.push({ attribute: attributeName, operator, ...(typeof value === 'string' ? { value } : {}) });
  }
  return clauses;
}

function listOf(object: JsonObject, name: string): readonly JsonObject[] {
  const value = memberOf(object, name);
  return isArray(value) ? value.filter(isObject) : [];
}
