select worker_id, is_primary_assignment, worker_type, status, hire_date, last_day, job_title, manager_id,
       first_name, last_name, preferred_name, phone, department, division, cost_center,
       street, city, postal_code, region, country_code, site_zone
from worker
order by worker_id collate "C", is_primary_assignment desc, hire_date
