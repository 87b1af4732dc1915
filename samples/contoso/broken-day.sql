-- Somebody "improves" the view: half of the company is missing from it.
create or replace view worker as
select a.worker_id, a.is_primary as is_primary_assignment, a.worker_type, a.status, a.hire_date, a.last_day, a.job_title,
       a.manager_worker_id as manager_id, p.first_name, p.last_name, p.preferred_name, p.phone,
       d.name as department, d.division, d.cost_center,
       l.street, l.city, l.postal_code, l.region, l.country_code, l.time_zone as site_zone
from assignment a
join person p using (person_id)
join department d using (department_id)
join location l using (location_id)
where a.department_id <= 5;
