import { Client } from 'pg';
import type { Person } from './workplace.ts';

/**
 * Who the directory must hold, by plain SQL over the HR tables and nothing of ours: the rules of the sample pipelines written down a second time.
 */
async function ask(url: string, sql: string, parameters: readonly unknown[]): Promise<readonly Person[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Person>(sql, [...parameters]);
    return rows;
  } finally {
    await client.end();
  }
}

/**
 * The clean company at an instant. Known: whoever is or was employed, in scope, since the first day of Joinery (`since`), or starts within a fortnight. The
 * worker's own zone decides when a day begins and ends.
 */
export function expectedContoso(url: string, asOf: string): Promise<readonly Person[]> {
  return ask(
    url,
    `with own as (
       select distinct on (a.worker_id) a.*, l.time_zone, d.name as department
       from assignment a join location l using (location_id) left join department d using (department_id)
       where a.worker_id is not null and a.is_primary
     ), judged as (
       select *, ($1::timestamptz at time zone time_zone)::date as today from own
     ), active as (
       select *, status <> 'Terminated' and hire_date <= today and coalesce(last_day >= today, true) as is_active,
              status <> 'Terminated' and hire_date > today and hire_date <= today + 14 as is_pre_hire
       from judged where worker_type <> 'Volunteer'
     )
     select worker_id as "employeeId", is_active as enabled, department,
            case when exists (select 1 from active m where m.worker_id = a.manager_worker_id and (m.is_active or m.is_pre_hire))
                 then manager_worker_id end as manager
     from active a where is_active or is_pre_hire order by worker_id collate "C"`,
    [asOf],
  );
}

/** Microsoft's export: an id with one row, or with exactly one active row; active; the manager only if he is one of these people. */
export function expectedDirty(url: string): Promise<readonly Person[]> {
  return ask(
    url,
    `with counted as (
       select *, count(*) over (partition by "WorkerID") as copies,
              count(*) filter (where "WorkerStatus" = 'Active') over (partition by "WorkerID") as actives
       from hr_export
     ), chosen as (
       select * from counted where "WorkerStatus" = 'Active' and (copies = 1 or actives = 1)
     )
     select "WorkerID" as "employeeId", true as enabled, "Department" as department,
            case when "ManagerID" <> "WorkerID" and exists (select 1 from chosen m where m."WorkerID" = c."ManagerID") then "ManagerID" end as manager
     from chosen c order by "WorkerID" collate "C"`,
    [],
  );
}
