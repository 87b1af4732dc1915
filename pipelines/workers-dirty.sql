-- The declared rule for ids that occur more than once: the one active row counts. Where several are active, or none is, no
-- row is primary, and the worker is a rejection by name.
select *, "WorkerStatus" = 'Active' and count(*) filter (where "WorkerStatus" = 'Active') over (partition by "WorkerID") = 1 as is_primary
from hr_export
order by "WorkerID" collate "C", "RowNumber"
