-- 3 November 2026. Besides this, dates arrive by themselves: W005101 – W005105 start, W005301 – W005310 have left.

-- Twelve joiners.
insert into person
select 5400 + n, (array['Aïcha','Bjørn','Çağla','Đức','Éva','Florian'])[1 + n % 6], (array['Öztürk','Ñíguez','Łoś','Straße'])[1 + n % 4], null, null
from generate_series(1, 12) n;
insert into assignment
select 5400 + n, 5400 + n, 'W00' || (5400 + n), true, 'Employee', 'Active', '2026-11-03', null, 'Trainee', 'W000' || (200 + n), 1 + n % 10, 1 + n % 8
from generate_series(1, 12) n;

-- Movers: a department moves, somebody marries, somebody gets another manager.
update assignment set department_id = 1 + department_id % 10 where worker_id between 'W004001' and 'W004030';
update person set last_name = 'Łęcka-O''Brien' where person_id = 4050;
update assignment set manager_worker_id = 'W000002' where worker_id = 'W004060';

-- Fifteen leavers.
update assignment set status = 'Terminated', last_day = '2026-11-02' where worker_id between 'W004101' and 'W004115';

-- Two rows are simply gone: not sent until they were missing from enough complete passes.
delete from person where person_id in (4120, 4121);

-- One becomes a volunteer and leaves the scope.
update assignment set worker_type = 'Volunteer' where worker_id = 'W004140';

-- One of yesterday's dismissals was a mistake: a rehire.
update assignment set status = 'Active', last_day = null where worker_id = 'W004700';

-- Dirt: a status that the contract does not know, and a row without a worker id.
update assignment set status = 'Actve' where worker_id = 'W004130';
update assignment set worker_id = null where worker_id = 'W005200';
