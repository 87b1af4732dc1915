import { Command } from 'commander';
import type { Register } from '../program.ts';
import { entraDoctorCommand } from './entra-doctor.ts';
import { entraJobCommands } from './entra-job.ts';
import { entraLogsCommand } from './entra-logs.ts';
import { entraProbeCommand } from './entra-probe.ts';
import { entraSchemaCommand } from './entra-schema.ts';
import { entraSetupCommand } from './entra-setup.ts';
import { entraStatusCommand } from './entra-status.ts';

/** `joinery entra …`: set up, watch and repair the service's side. */
export function entraCommand(register: Register): Command {
  const group = new Command('entra').description('Set up, watch and repair the service’s side: provisioning app, job, rights, schema');
  for (const define of [entraSetupCommand, entraStatusCommand, entraDoctorCommand, entraLogsCommand, entraSchemaCommand, entraProbeCommand])
    group.addCommand(define(register));
  for (const command of entraJobCommands(register)) group.addCommand(command);
  return group;
}
