import { resolve } from 'node:path';
import { expect } from 'vitest';
import { loadPipeline, type LoadedPipeline, type LoadOptions } from './load.ts';
import type { Pipeline } from './pipeline.ts';

export const environment = {
  HR_DATABASE_URL: 'postgres://hr:hunter2@db.contoso.example/hr',
  ENTRA_TENANT_ID: '8D1F0C4E-5f0b-4c57-9a3e-2f3b9d6c7a10',
  ENTRA_SERVICE_PRINCIPAL_ID: '1b6a1c52-6a0f-4f5e-8a55-0d5c0b6c2e11',
  ENTRA_JOB_ID: 'API2AAD.8d1f0c4e5f0b4c579a3e2f3b9d6c7a10.3c0c2f6e-31b1-4e0c-8d4d-6f1f6d9b7c22',
  ENTRA_CLIENT_ID: '52d4f6f0-9d24-4d0e-b9a5-7f8f0b1f3d33',
  ENTRA_CERTIFICATE_FILE: '/etc/joinery/entra.pem',
};

/** The pipeline of the design. */
export const design = `pipeline: contoso-workforce
timezone: Europe/Berlin
source:
  type: postgres                        # postgres, mssql
  connection: \${HR_DATABASE_URL}
  query: workers.sql
  key: worker_id
  primary: is_primary_assignment
  columns:
    worker_id: { type: string, required: true }
    is_primary_assignment: { type: boolean, required: true }
    status: { type: string, required: true, values: [Active, Leave, Terminated] }
    hire_date: { type: date, required: true }
    last_day: { type: date, whenNull: never }
    site_zone: { type: string }
lookups:
  country: { file: ../samples/country-codes.csv, key: code }
transform:
  use: [../transforms/people.jsonata]
  scope: worker_type != "Volunteer"
  employment: { start: hire_date, end: last_day, zone: site_zone, preHire: 14d }
  let:
    given: "preferred_name ? preferred_name : first_name"
  attributes:
    active: status != "Terminated" and $employed
    userName: { once: '$mailNickname($given, last_name) & "@contoso.example"' }
    name:
      givenName: $given
      familyName: last_name
    displayName: $given & " " & last_name
    emails:
      work: email
    addresses:
      work:
        country: $lookup($country, country_code).iso2
    enterprise:
      department: { value: department, empty: clear }
      manager: manager_id
    urn:ietf:params:scim:schemas:extension:contoso:1.0:User:
      HireDate: $dateTime(hire_date)
leavers:
  vanished: { action: disable, after: { fullPasses: 2, hours: 24 } }
  outOfScope: disable
guards:
  leavers: { percent: 2, atLeast: 10, atMost: 500 }
  first: { joiners: 6000, rejections: 1% }
sink:
  type: entra
  tenant: \${ENTRA_TENANT_ID}
  servicePrincipal: \${ENTRA_SERVICE_PRINCIPAL_ID}
  job: \${ENTRA_JOB_ID}
  auth:
    client: \${ENTRA_CLIENT_ID}
    certificate: \${ENTRA_CERTIFICATE_FILE}
  quota: p1
  clearing: [department]
`;

/** What stands beside the pipeline. */
export const files: Readonly<Record<string, string>> = {
  'hr/pipelines/workers.sql': '\uFEFFselect * -- all\nfrom workers; -- done\n',
  'hr/transforms/people.jsonata': '$shout := function($name) { $uppercase($name) };\n',
  'hr/pipelines/url.secret': 'postgres://hr:from-file@db/hr\r\n',
};

export function load(
  text: string,
  options: Partial<LoadOptions> & { readonly files?: Readonly<Record<string, string>> } = {},
): LoadedPipeline {
  const known = new Map(
    Object.entries({ ...files, ...options.files, 'hr/pipelines/contoso.yaml': text }).map(([name, body]) => [resolve(name), body]),
  );
  const readFile = (path: string): string => {
    const body = known.get(path);
    if (body === undefined) throw Object.assign(new Error(`no ${path}`), { code: 'ENOENT' });
    return body;
  };
  return loadPipeline('hr/pipelines/contoso.yaml', { environment, readFile, ...options });
}

/** The pipeline, which must have no error. */
export function loaded(text: string, options?: Parameters<typeof load>[1]): Pipeline {
  const { pipeline, diagnostics } = load(text, options);
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  if (pipeline === undefined) throw new Error('no pipeline');
  return pipeline;
}

/** The design with each text replaced, which must be there. */
export function edit(...changes: readonly (readonly [find: string, replace: string])[]): string {
  return changes.reduce((text, [find, replace]) => {
    expect(text).toContain(find);
    return text.replace(find, () => replace);
  }, design);
}

export function attribute(pipeline: Pipeline, path: string): Pipeline['transform']['attributes'][number] {
  const found = pipeline.transform.attributes.find((one) => one.path === path);
  if (found === undefined) throw new Error(`no ${path}`);
  return found;
}

export const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
