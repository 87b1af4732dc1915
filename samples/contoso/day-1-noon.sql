-- Two people are dismissed at noon of the first day.
update assignment set status = 'Terminated', last_day = '2026-11-02' where worker_id in ('W004700', 'W004701');
