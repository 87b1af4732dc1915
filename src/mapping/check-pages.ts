import { parse, stringify } from 'yaml';
import * as z from 'zod';
import { renderDiagnostic, type Diagnostic } from '../domain/diagnostic.ts';
import type { ErrorDeclaration } from '../domain/errors/define.ts';
import { errorRegistry, type ErrorCode } from '../domain/errors/registry.ts';
import { loadPipeline } from '../pipeline/load.ts';
import { loadPageExample, pageExamples } from '../pipeline/page-examples.ts';
import { compileMapping } from './compile-mapping.ts';

/** Codes that have a page each: findings of `joinery check` about a pipeline, its mapping and its expressions, and rejections. */
const areas = /^(?:MAP|SCM|PIP)-\d+$|^JSN-10[1678]$/;

/** Where the page of a code stands, from the root of the repository. */
export function pageOf(code: string): string {
  return `docs/reference/checks/${code}.md`;
}

/** The codes with a page, in their order. */
export function checkCodes(): readonly { readonly code: ErrorCode; readonly declaration: ErrorDeclaration }[] {
  const codes = Object.entries<ErrorDeclaration>(errorRegistry).filter(([code]) => areas.test(code));
  return codes
    .flatMap(([code, declaration]) => (isCode(code) ? [{ code, declaration }] : []))
    .toSorted((a, b) => (a.code < b.code ? -1 : 1));
}

function isCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorRegistry, code);
}

/** An example of the registry, run: the findings, and each as a person sees it. */
export interface ExampleResult {
  readonly diagnostics: readonly Diagnostic[];
  readonly rendered: (diagnostic: Diagnostic) => string;
}

const functionFile = 'functions.jsonata';
const lookupFile = 'country.csv';

const columns = {
  worker_id: { type: 'string', required: true },
  status: { type: 'string', required: true, values: ['Active', 'Leave', 'Terminated'] },
  hire_date: { type: 'date', required: true },
  last_day: { type: 'date', whenNull: 'never' },
  site_zone: { type: 'string', required: true },
  first_name: { type: 'string', required: true },
  last_name: { type: 'string', required: true },
  email: { type: 'string', required: true },
  preferred_name: { type: 'string' },
  manager_id: { type: 'string' },
  nickname: { type: 'string' },
  grade: { type: 'string' },
  grade_level: { type: 'integer' },
  country_code: { type: 'string' },
  department: { type: 'string' },
  mobile_phone: { type: 'string' },
  initial_name: { type: 'string' },
  initial_password: { type: 'string' },
};

const example = z.looseObject({
  timezone: z.string().optional(),
  lookups: z.record(z.string(), z.unknown()).optional(),
  transform: z.record(z.string(), z.unknown()).optional(),
  let: z.unknown().optional(),
  scope: z.unknown().optional(),
  employment: z.unknown().optional(),
  attributes: z.record(z.string(), z.unknown()).optional(),
});

const needed = { active: 'status != "Terminated"', userName: 'email' };

/** Puts an example (a part of a pipeline, or a function file) into a complete pipeline and checks that. */
export function runExample(text: string, more: Readonly<Record<string, unknown>> = {}): ExampleResult {
  const isFunctionFile = text.trimStart().startsWith('$');
  const defines = /^\s*(\$\w+)\s*:=/.exec(text)?.[1];
  const uses = defines === undefined ? {} : { attributes: { nickName: `${defines}(first_name)` } };
  const part = example.parse(isFunctionFile ? uses : (parse(text) ?? {}));
  const { timezone, lookups, transform, attributes, let: lets, scope, employment } = part;
  const written = { ...transform, ...defined({ let: lets, scope, employment }) };
  const complete = {
    pipeline: 'example',
    ...defined({ timezone: timezone ?? (employment === undefined ? undefined : 'Europe/Berlin') }),
    source: { type: 'postgres', connection: '${HR_DATABASE_URL}', table: 'workers', key: 'worker_id', columns: { ...columns, ...more } }, // oxlint-disable-line no-template-curly-in-string -- a reference of the pipeline file
    ...defined({ lookups }),
    transform: {
      ...(isFunctionFile ? { use: [functionFile] } : {}),
      ...written,
      attributes:
        attributes?.['active'] === undefined && attributes?.['userName'] === undefined ? { ...needed, ...attributes } : attributes,
    },
    sink: sinkExample,
  };
  const yaml = stringify(complete, { lineWidth: 0 });
  const loaded = loadPipeline('example.yaml', {
    environment: {},
    unset: 'standIn',
    readFile: (path) => (path.endsWith(functionFile) ? text : yaml),
  });
  const readBytes = (): Uint8Array => new TextEncoder().encode('code,iso2\nDE,de\n');
  const compiled = loaded.pipeline === undefined ? [] : compileMapping(loaded.pipeline, { readBytes }).diagnostics;
  const sources = (file: string): string | undefined => (file.endsWith(functionFile) ? text : file.endsWith(lookupFile) ? undefined : yaml);
  const rendered = (diagnostic: Diagnostic): string => renderDiagnostic(withShortFile(diagnostic), sources);
  return { diagnostics: [...loaded.diagnostics, ...compiled], rendered };
}

/** Pages must not name the folder in which they were made. */
function withShortFile(diagnostic: Diagnostic): Diagnostic {
  const { place } = diagnostic;
  return place === undefined || !place.file.endsWith(functionFile)
    ? diagnostic
    : { ...diagnostic, place: { ...place, file: functionFile } };
}

const sinkExample = {
  type: 'entra',
  tenant: '${ENTRA_TENANT_ID}', // oxlint-disable-line no-template-curly-in-string -- a reference of the pipeline file
  servicePrincipal: '${ENTRA_SERVICE_PRINCIPAL_ID}', // oxlint-disable-line no-template-curly-in-string -- a reference of the pipeline file
  job: '${ENTRA_JOB_ID}', // oxlint-disable-line no-template-curly-in-string -- a reference of the pipeline file
  auth: { client: '${ENTRA_CLIENT_ID}', secret: '${ENTRA_CLIENT_SECRET}' }, // oxlint-disable-line no-template-curly-in-string -- a reference of the pipeline file
  quota: 'p1',
};

function defined(members: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** The wrong and the right text of a code: in the registry, or beside the grammar of the pipeline file. */
export function examplesOf(code: ErrorCode, { wrong, right }: ErrorDeclaration): { readonly wrong?: string; readonly right?: string } {
  return code.startsWith('PIP-')
    ? (pageExamples[code] ?? {})
    : { ...(wrong === undefined ? {} : { wrong }), ...(right === undefined ? {} : { right }) };
}

/** What check says about the example of a code: expressions stand in an attribute of their own. */
export function runExampleOf(code: ErrorCode, text: string): ExampleResult {
  if (code.startsWith('PIP-')) return loadPageExample(text);
  if (!code.startsWith('JSN-')) return runExample(text);
  return runExample(stringify({ attributes: { ...needed, title: text } }, { lineWidth: 0 }), {
    title: { type: 'string' },
    address: { type: 'json' },
  });
}

/** The page of one code: heading, why, fix, and the examples with what `joinery check` says about the wrong one. */
export function renderCheckPage(code: ErrorCode, declaration: ErrorDeclaration): string {
  const { title, why, fix, exit } = declaration;
  const { wrong, right } = examplesOf(code, declaration);
  const kind =
    exit === 'rejections' ? 'Found on a row: the worker is rejected and the account stays as it is.' : 'Found before any row is read.';
  const lines = [`# ${code}: ${title}`, '', kind, '', `**Why.** ${why}`, '', `**Way out.** ${fix}`, ''];
  if (wrong !== undefined) {
    const { diagnostics, rendered } = runExampleOf(code, wrong);
    const said = diagnostics.filter((one) => one.code === code).map(rendered);
    lines.push('Wrong:', '', ...fenced(code, wrong), '', '`joinery check` says:', '', ...fence('text', said.join('\n')), '');
  }
  if (right !== undefined) lines.push('Right:', '', ...fenced(code, right), '');
  return lines.join('\n');
}

function fenced(code: string, text: string): readonly string[] {
  return fence(code.startsWith('JSN-') || text.trimStart().startsWith('$') ? 'jsonata' : 'yaml', text);
}

function fence(language: string, text: string): readonly string[] {
  return [`\`\`\`${language}`, text, '```'];
}
