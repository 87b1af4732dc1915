select * from hr_worker order by employee_number
