-- A clean, normalised HR database. A person has one or more assignments; one of them is the primary one.
create table department (department_id integer primary key, name text not null, division text not null, cost_center text not null);
create table location (
  location_id integer primary key, name text not null, street text, city text not null, postal_code text,
  region text, country_code text not null, time_zone text not null
);
create table person (
  person_id integer primary key, first_name text not null, last_name text not null, preferred_name text, phone text
);
create table assignment (
  assignment_id integer primary key,
  person_id integer not null references person on delete cascade,
  worker_id text collate "C",
  is_primary boolean not null,
  worker_type text not null,
  status text not null,
  hire_date date not null,
  last_day date,
  job_title text,
  manager_worker_id text collate "C",
  department_id integer references department,
  location_id integer references location
);
create index assignment_worker on assignment (worker_id);

-- What HR grants to the pipeline: one view, read-only.
create view worker as
select a.worker_id, a.is_primary as is_primary_assignment, a.worker_type, a.status, a.hire_date, a.last_day, a.job_title,
       a.manager_worker_id as manager_id, p.first_name, p.last_name, p.preferred_name, p.phone,
       d.name as department, d.division, d.cost_center,
       l.street, l.city, l.postal_code, l.region, l.country_code, l.time_zone as site_zone
from assignment a
join person p using (person_id)
left join department d using (department_id)
left join location l using (location_id);
