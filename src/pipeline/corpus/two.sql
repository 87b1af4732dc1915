-- workers; all of them
select worker_id, status, ';' as separator
from hr.workers;

update hr.workers set seen = true;
