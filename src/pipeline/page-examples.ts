import type { Diagnostic } from '../domain/diagnostic.ts';
import { renderDiagnostic } from '../domain/diagnostic.ts';
import { loadPipeline } from './load.ts';

/** Top-level fields of a pipeline file: those that make an example complete, or that replace the ones of a complete pipeline. */
export interface PageExample {
  readonly wrong: string;
  readonly right: string;
}

/* oxlint-disable no-template-curly-in-string -- references of the pipeline file */

const columns = `  columns:
    worker_id: { type: string, required: true }
    status: { type: string, required: true, values: [Active, Terminated] }
    hire_date: { type: date, required: true }`;
const reading = `source:
  type: postgres
  connection: \${HR_DATABASE_URL}`;
const source = (rest: string): string => `${reading}\n${rest}`;
const declared = (line: string): string => source(`  table: hr.workers\n  key: worker_id\n${columns}\n    ${line}`);
const query = (text: string): string => source(`  query: |\n    ${text}\n  key: worker_id\n${columns}`);
const attributes = (...lines: readonly string[]): string =>
  `transform:\n  attributes:\n    active: status = "Active"\n    userName: worker_id & "@contoso.example"\n${lines.map((line) => `    ${line}`).join('\n')}`;
const identity = `  tenant: \${ENTRA_TENANT_ID}
  servicePrincipal: \${ENTRA_SERVICE_PRINCIPAL_ID}`;
const secret = `  auth: { client: '\${ENTRA_CLIENT_ID}', secret: '\${ENTRA_CLIENT_SECRET}' }`;
const sink = (...lines: readonly string[]): string =>
  `sink:\n  type: entra\n${identity}\n  job: \${ENTRA_JOB_ID}\n${[secret, ...lines].join('\n')}`;
const job = (id: string): string => `sink:\n  type: entra\n${identity}\n  job: ${id}\n${secret}`;

/** Each line stands for ten times what the one before it does. */
const bomb = ['a', 'b', 'c', 'd', 'e', 'f']
  .map(
    (name, index, names) =>
      `    ${name}: &${name} [${Array.from({ length: 10 }, () => (index === 0 ? 'x' : `*${names[index - 1] ?? ''}`)).join(', ')}]`,
  )
  .join('\n');

const base = ['pipeline: contoso', source(`  table: hr.workers\n  key: worker_id\n${columns}`), attributes(), sink()];

/** By code. The environment and files that are not there have no right and wrong text: PIP-001. */
export const pageExamples: Readonly<Record<string, PageExample>> = {
  'PIP-002': { wrong: 'guards: { joiners: { percent: 10 }', right: 'guards: { joiners: { percent: 10 } }' },
  'PIP-003': {
    wrong: attributes('title: hire_date > "2026" ? "new" : "old"'),
    right: attributes(`title: 'hire_date > "2026" ? "new" : "old"'`),
  },
  'PIP-004': { wrong: attributes('title: status', 'title: worker_id'), right: attributes('title: status') },
  'PIP-005': { wrong: 'guards:\n\tjoiners: { percent: 10 }', right: 'guards:\n  joiners: { percent: 10 }' },
  'PIP-006': { wrong: attributes('title: *shared'), right: attributes('nickName: &shared worker_id', 'title: *shared') },
  'PIP-007': {
    wrong: attributes().replace('transform:', `transform:\n  let:\n${bomb}`),
    right: attributes('nickName: &a worker_id', 'title: *a'),
  },
  'PIP-008': { wrong: attributes('? [title]', ': status'), right: attributes('title: status') },
  'PIP-009': { wrong: attributes('title: !shout status'), right: attributes(`title: '$uppercase(status)'`) },
  'PIP-101': { wrong: 'guard:\n  joiners: { percent: 10 }', right: 'guards:\n  joiners: { percent: 10 }' },
  'PIP-102': { wrong: source(`  table: hr.workers\n${columns}`), right: source(`  table: hr.workers\n  key: worker_id\n${columns}`) },
  'PIP-103': { wrong: 'pipeline: 2026', right: 'pipeline: contoso-2026' },
  'PIP-104': { wrong: declared('grade: { type: text }'), right: declared('grade: { type: string }') },
  'PIP-105': { wrong: 'pipeline: contoso workforce', right: 'pipeline: contoso-workforce' },
  'PIP-106': {
    wrong: source(`  query: select * from hr.workers\n  table: hr.workers\n  key: worker_id\n${columns}`),
    right: source(`  query: select * from hr.workers\n  key: worker_id\n${columns}`),
  },
  'PIP-107': { wrong: 'plan: { maxAge: P1M }', right: 'plan: { maxAge: 24h }' },
  'PIP-108': { wrong: 'guards:\n  joiners: { percent: 120 }', right: 'guards:\n  joiners: { percent: 12 }' },
  'PIP-109': { wrong: 'timezone: Europe/Berln', right: 'timezone: Europe/Berlin' },
  'PIP-201': {
    wrong: source(`  connection: x\n  table: hr.workers\n  key: worker_id\n${columns}`).replace(
      / {2}connection: .*\n {2}connection: x/,
      '  connection: ${NOT_SET}',
    ),
    right: source(`  table: hr.workers\n  key: worker_id\n${columns}`),
  },
  'PIP-202': { wrong: job('${ENTRA_JOB_ID:-none}'), right: job('${ENTRA_JOB_ID}') },
  'PIP-203': { wrong: 'pipeline: ${NAME}', right: 'pipeline: contoso' },
  'PIP-204': {
    wrong: sink().replace('${ENTRA_CLIENT_SECRET}', 'abc~8Q~a-secret-in-a-file'),
    right: sink(),
  },
  'PIP-205': {
    wrong: source(`  query: nowhere.sql\n  key: worker_id\n${columns}`),
    right: source(`  query: workers.sql\n  key: worker_id\n${columns}`),
  },
  'PIP-301': {
    wrong: source(`  table: w\n  key: worker_id\n${columns}`).replace('postgres', 'oracle'),
    right: source(`  table: w\n  key: worker_id\n${columns}`),
  },
  'PIP-302': { wrong: source(`  table: w\n  key: worker_idd\n${columns}`), right: source(`  table: w\n  key: worker_id\n${columns}`) },
  'PIP-303': {
    wrong: source(`  table: w\n  primary: status\n  key: worker_id\n${columns}`),
    right: source(`  table: w\n  primary: is_primary\n  key: worker_id\n${columns}\n    is_primary: { type: boolean, required: true }`),
  },
  'PIP-304': {
    wrong: declared('last_day: { type: date, whenNull: 2026-02-30 }'),
    right: declared('last_day: { type: date, whenNull: never }'),
  },
  'PIP-305': {
    wrong: declared('grade: { type: integer, values: [1, 2.5] }'),
    right: declared('grade: { type: integer, values: [1, 2, 3] }'),
  },
  'PIP-306': {
    wrong: declared('last_day: { type: date, required: true, whenNull: never }'),
    right: declared('last_day: { type: date, whenNull: never }'),
  },
  'PIP-307': {
    wrong: attributes().replace('transform:', 'transform:\n  employment: { start: hire_date }'),
    right: `timezone: Europe/Berlin\n${attributes().replace('transform:', 'transform:\n  employment: { start: hire_date }')}`,
  },
  'PIP-311': { wrong: query('select * from hr.workers; select 2'), right: query('select * from hr.workers') },
  'PIP-312': { wrong: query('-- later'), right: query('select * from hr.workers -- later: only Berlin') },
  'PIP-313': { wrong: query('delete from hr.workers returning *'), right: query('select * from hr.workers') },
  'PIP-321': {
    wrong: source(`  table: hr.workers\n  delimiter: ';'\n  key: worker_id\n${columns}`),
    right: source(`  type: csv\n  file: workers.csv\n  delimiter: ';'\n  key: worker_id\n${columns}`).replace(
      / {2}type: postgres\n {2}connection: .*\n/,
      '',
    ),
  },
  'PIP-322': {
    wrong: source(`  table: hr.workers\n  where: { status: { except: Left } }\n  key: worker_id\n${columns}`).replace(
      '{ except: Left }',
      '{}',
    ),
    right: source(`  table: hr.workers\n  where: { status: { not: Left } }\n  key: worker_id\n${columns}`),
  },
  'PIP-323': {
    wrong: source(`  table: hr.workers\n  changes: { mode: watermark }\n  key: worker_id\n${columns}`),
    right: source(`  table: hr.workers\n  changes: { mode: watermark, column: updated_at }\n  key: worker_id\n${columns}`),
  },
  'PIP-331': { wrong: "schedule: { cron: '30 minutes' }", right: "schedule: { cron: '*/30 * * * *' }" },
  'PIP-401': { wrong: attributes('displayName:'), right: attributes('displayName: worker_id') },
  'PIP-402': { wrong: attributes('title: 007'), right: attributes(`title: { const: '007' }`) },
  'PIP-403': { wrong: 'transform:\n  attributes:\n    userName: worker_id & "@contoso.example"', right: attributes() },
  'PIP-404': {
    wrong: attributes('title: { value: status, empty: clear }'),
    right: `${attributes('title: { value: status, empty: clear }')}\n${sink('  clearing: [title]')}`,
  },
  'PIP-405': {
    wrong: attributes('emails: worker_id & "@contoso.example"'),
    right: attributes('emails:\n      work: worker_id & "@contoso.example"'),
  },
  'PIP-406': { wrong: attributes('externalId: worker_id'), right: attributes('title: worker_id') },
  'PIP-407': { wrong: attributes('displayname: worker_id', 'displayName: status'), right: attributes('displayName: worker_id') },
  'PIP-408': { wrong: attributes('title: { value: status, once: worker_id }'), right: attributes('title: { value: status, empty: omit }') },
  'PIP-409': {
    wrong: attributes().replace('transform:', 'transform:\n  let:\n    given-name: worker_id'),
    right: attributes('title: $givenName').replace('transform:', 'transform:\n  let:\n    givenName: worker_id'),
  },
  'PIP-410': { wrong: attributes('name.givenName: status'), right: attributes('name:\n      givenName: status') },
  'PIP-501': { wrong: job('job-of-hr'), right: job('API2AAD.8d1f0c4e5f0b4c579a3e2f3b9d6c7a10.3c0c2f6e-31b1-4e0c-8d4d-6f1f6d9b7c22') },
  'PIP-502': {
    wrong: job('API2AD.8d1f0c4e5f0b4c579a3e2f3b9d6c7a10.3c0c2f6e-31b1-4e0c-8d4d-6f1f6d9b7c22'),
    right: job('API2AAD.8d1f0c4e5f0b4c579a3e2f3b9d6c7a10.3c0c2f6e-31b1-4e0c-8d4d-6f1f6d9b7c22'),
  },
  'PIP-503': { wrong: sink('  emulator: http://emulator.contoso.example:8080'), right: sink('  emulator: http://127.0.0.1:8080') },
  'PIP-504': {
    wrong: `${attributes('title: status')}\n${sink('  clearing: [nickName]')}`,
    right: `${attributes('title: status')}\n${sink('  clearing: [title]')}`,
  },
  'PIP-505': { wrong: sink('  cloud: china'), right: sink('  cloud: global') },
  'PIP-506': {
    wrong: 'guards:\n  joiners: { percent: 1, atLeast: 10, atMost: 5 }',
    right: 'guards:\n  joiners: { percent: 1, atLeast: 5, atMost: 10 }',
  },
  'PIP-507': {
    wrong: `${attributes('title: status')}\nguards:\n  emptied: { attributes: { titel: 0 } }`,
    right: `${attributes('title: status')}\nguards:\n  emptied: { attributes: { title: 0 } }`,
  },
  'PIP-601': {
    wrong: 'notify:\n  smtp: { host: smtp.contoso.example, security: none, from: joinery@contoso.example, to: [ops@contoso.example] }',
    right: 'notify:\n  smtp: { host: smtp.contoso.example, from: joinery@contoso.example, to: [ops@contoso.example] }',
  },
  'PIP-602': { wrong: 'notify: { on: [guard] }', right: 'notify:\n  command: { run: [./page-on-call.sh] }\n  on: [guard]' },
};

const environment = {
  HR_DATABASE_URL: 'postgres://db.contoso.example/hr',
  ENTRA_TENANT_ID: '8d1f0c4e-5f0b-4c57-9a3e-2f3b9d6c7a10',
  ENTRA_SERVICE_PRINCIPAL_ID: '1b6a1c52-6a0f-4f5e-8a55-0d5c0b6c2e11',
  ENTRA_JOB_ID: 'API2AAD.8d1f0c4e5f0b4c579a3e2f3b9d6c7a10.3c0c2f6e-31b1-4e0c-8d4d-6f1f6d9b7c22',
  ENTRA_CLIENT_ID: '52d4f6f0-9d24-4d0e-b9a5-7f8f0b1f3d33',
  ENTRA_CLIENT_SECRET: 'secret-of-the-environment',
};

/** Loads a complete pipeline in which the example's top-level fields stand in place of the usual ones. */
export function loadPageExample(example: string): {
  readonly diagnostics: readonly Diagnostic[];
  readonly rendered: (diagnostic: Diagnostic) => string;
} {
  const own = blocksOf(example);
  const names = new Set(own.map(nameOf));
  const yaml = `${[...base.filter((block) => !names.has(nameOf(block))), ...own].join('\n')}\n`;
  const loaded = loadPipeline('example.yaml', {
    environment,
    readFile: (path) => {
      if (path.endsWith('example.yaml')) return yaml;
      if (path.endsWith('workers.sql')) return 'select * from hr.workers';
      throw Object.assign(new Error('not there'), { code: 'ENOENT' });
    },
  });
  return { diagnostics: loaded.diagnostics, rendered: (diagnostic) => renderDiagnostic(diagnostic, loaded.sources) };
}

function blocksOf(text: string): readonly string[] {
  return text.split(/\n(?=\S)/);
}

function nameOf(block: string): string {
  return block.slice(0, block.indexOf(':'));
}
