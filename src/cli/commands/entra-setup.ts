import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { JoineryError } from '../../domain/error.ts';
import type { ExitClass } from '../../domain/errors/define.ts';
import { endpointsOf } from '../../entra/endpoints.ts';
import { openGraph } from '../../entra/graph.ts';
import { applySetup, printLookUps, printSetup } from '../../entra/setup/apply-setup.ts';
import { readEnvironmentFile, writeEnvironmentFile } from '../../entra/setup/environment-file.ts';
import { observeSetup } from '../../entra/setup/observe-setup.ts';
import { planSetup, type SetupPlan, type WantedCredential, type WantedSetup } from '../../entra/setup/plan-setup.ts';
import { openTokens } from '../../entra/tokens.ts';
import { administratorOf, cloudOf } from '../administrator.ts';
import type { Io } from '../io.ts';
import { defineCommand, environmentOf, type CommonOptions } from '../options.ts';
import type { Register } from '../program.ts';
import { createStyle, plural } from '../style.ts';

interface SetupOptions extends CommonOptions {
  readonly tenant?: string;
  readonly cloud?: string;
  readonly emulator?: string;
  readonly name: string;
  readonly email?: string;
  readonly deletionThreshold: string;
  readonly certificate?: string;
  readonly federatedIssuer?: string;
  readonly federatedSubject?: string;
  readonly managedIdentity?: string;
  readonly write: string;
  readonly writeAdministrator?: string;
  readonly start: boolean;
  readonly ownership: boolean;
  readonly users: boolean;
  readonly yes?: boolean;
  readonly print?: boolean;
}

const scopes = ['Application.ReadWrite.All', 'AppRoleAssignment.ReadWrite.All', 'Synchronization.ReadWrite.All'];
const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** `joinery entra setup`: what is missing in the tenant is planned, shown, and made once somebody says so. */
export function entraSetupCommand(register: Register): Command {
  return defineCommand(
    'setup',
    'Make provisioning app, job, runner and administrator with exactly their rights; again: only what is missing',
    'joinery entra setup --tenant 11111111-2222-3333-4444-555555555555 --email hr-operations@contoso.example --yes',
  )
    .option('--tenant <id>', 'tenant id (also ENTRA_TENANT_ID)')
    .option('--cloud <name>', 'global, usgov, dod or china', 'global')
    .option('--emulator <origin>', 'an emulator instead of a cloud (also ENTRA_EMULATOR_ORIGIN)')
    .option('--name <text>', 'display name of the provisioning app; the two identities are named after it', 'Joinery HR inbound')
    .option(
      '--email <address>',
      'who is told of trouble with the job (also ENTRA_NOTIFICATION_EMAIL); without one a job goes into quarantine',
    )
    .option('--deletion-threshold <number>', 'disables of one cycle from which the service asks first', '500')
    .option('--certificate <file>', 'PEM certificate of the runner, instead of a secret')
    .option('--federated-issuer <url>', 'issuer of the runner’s tokens (GitHub Actions, Kubernetes), instead of a secret')
    .option('--federated-subject <text>', 'subject of these tokens, exactly')
    .option('--managed-identity <id>', 'object id of the managed identity that is the runner')
    .option('--write <file>', 'environment file for ids and the runner’s secret, 0600', '.env')
    .option('--write-administrator <file>', 'environment file of the administrator’s identity (default: the one above with .administrator)')
    .option('--no-ownership', 'the runner may upload to every provisioning app of the tenant, instead of owning this one')
    .option('--no-users', 'the runner may not read users: no holds, taken user names, adopt or verify')
    .option('--no-start', 'leave the job stopped')
    .option('--yes', 'make what the plan says')
    .option(
      '--print',
      'print the Graph requests for somebody who may send them; without ENTRA_SETUP_CLIENT_ID nothing is asked, and all are printed',
    )
    .addHelpText(
      'after',
      '\nThe one who sets up signs in by device code, or is the application of ENTRA_SETUP_CLIENT_ID with ENTRA_SETUP_CLIENT_SECRET or ENTRA_SETUP_CERTIFICATE_FILE.\n',
    )
    .action(register(setUp));
}

async function setUp(io: Io, options: SetupOptions): Promise<ExitClass> {
  const environment = environmentOf(io, options);
  const tenant = options.tenant ?? environment['ENTRA_TENANT_ID'] ?? '';
  if (!guid.test(tenant)) throw new JoineryError('CLI-101', 'give --tenant with the tenant’s id, or set ENTRA_TENANT_ID');
  const email = options.email ?? environment['ENTRA_NOTIFICATION_EMAIL'] ?? '';
  if (!email.includes('@'))
    throw new JoineryError('CLI-101', 'give --email: a job without a notification e-mail goes into quarantine when it is started');
  const deletionThreshold = Number(options.deletionThreshold);
  if (!Number.isSafeInteger(deletionThreshold) || deletionThreshold < 1)
    throw new JoineryError('CLI-101', '--deletion-threshold is no whole number');
  const files = { runner: options.write, administrator: options.writeAdministrator ?? `${options.write}.administrator` };
  const [kept, keptByAdministrator] = [readEnvironmentFile(files.runner), readEnvironmentFile(files.administrator)];
  const cloud = cloudOf(options.cloud, options.emulator ?? environment['ENTRA_EMULATOR_ORIGIN']);
  const sink = { tenant: tenant.toLowerCase(), cloud };
  const { graphOrigin } = endpointsOf(sink);
  const wantedOf = (credential: WantedCredential, administratorSecretHeld: boolean): WantedSetup => {
    const { name, start, ownership, users: readsUsers } = options;
    return { name, email, deletionThreshold, credential, administratorSecretHeld, start, ownership, readsUsers, graphOrigin };
  };
  if (options.print === true && (environment['ENTRA_SETUP_CLIENT_ID'] ?? '') === '') {
    // For somebody who may not even sign in: as if nothing were there.
    const nothing = { template: '', graphPrincipal: '', owners: [], runner: {}, administrator: {} };
    const { steps, known } = planSetup(wantedOf(credentialOf(options, false), false), nothing);
    const { template: _template, graph: _graph, ...rest } = known;
    io.out(`${printLookUps(graphOrigin)}\n${printSetup({ steps, known: rest }, graphOrigin)}`);
    return 'success';
  }
  const who = administratorOf(io, environment, 'ENTRA_SETUP', scopes);
  const tokens = openTokens({ ...sink, auth: { client: who.client } }, { clock: io.clock, credential: who.credential });
  const graph = openGraph({ ...sink, servicePrincipal: '', job: '' }, tokens, { clock: io.clock });
  const style = createStyle(io.colour && options.color);
  const say = (text: string): void => {
    if (options.json !== true) io.out(text);
  };
  try {
    const asked = credentialOf(options, false);
    const observed = await observeSetup(graph, options.name, asked, io.signal);
    const held = (identity: 'runner' | 'administrator', prefix: string, file: Readonly<Record<string, string | undefined>>): boolean => {
      const appId = observed[identity].application?.appId;
      return appId !== undefined && file[`${prefix}_CLIENT_ID`] === appId && (file[`${prefix}_CLIENT_SECRET`] ?? '') !== '';
    };
    const runnerHeld = held('runner', 'ENTRA', kept);
    const plan = planSetup(
      wantedOf(credentialOf(options, runnerHeld), held('administrator', 'ENTRA_ADMIN', keptByAdministrator)),
      observed,
    );
    const result = (known: SetupPlan['known'], done: boolean): void => {
      const { runnerSecret: _runner, administratorSecret: _administrator, ...ids } = known;
      if (options.json === true)
        io.out(
          `${JSON.stringify({ type: 'result', changed: done ? plan.steps.length : 0, steps: plan.steps.map(({ words }) => words), excess: plan.excess, ids })}\n`,
        );
    };
    if (options.print === true) {
      io.out(printSetup(plan, graphOrigin));
      return 'success';
    }
    say(
      plan.steps.length === 0
        ? 'Everything is set up; nothing to change.\n'
        : `${style.bold('Plan')}\n${plan.steps.map(({ words }) => `  + ${words}\n`).join('')}`,
    );
    for (const line of plan.excess) say(style.yellow(`  ! ${line}\n`));
    if (plan.steps.length > 0 && options.yes !== true) {
      result(plan.known, false);
      throw new JoineryError('ENT-617', `${plural(plan.steps.length, 'change')} of the tenant ${tenant} were not made`);
    }
    const keep = (known: SetupPlan['known']): void => {
      writeEnvironmentFile(
        files.runner,
        present({
          ENTRA_TENANT_ID: sink.tenant,
          ENTRA_SERVICE_PRINCIPAL_ID: known['provisioning'],
          ENTRA_JOB_ID: known['job'],
          ENTRA_CLIENT_ID: known['runnerClient'],
          ENTRA_CLIENT_SECRET: known['runnerSecret'],
          ENTRA_CERTIFICATE_FILE: options.certificate === undefined ? undefined : resolve(options.certificate),
          ENTRA_EMULATOR_ORIGIN: cloud.name === 'emulator' ? cloud.graph : undefined,
        }),
      );
      writeEnvironmentFile(
        files.administrator,
        present({
          ENTRA_ADMIN_CLIENT_ID: known['administratorClient'],
          ENTRA_ADMIN_CLIENT_SECRET: known['administratorSecret'],
        }),
      );
    };
    const known = await applySetup(graph, plan, {
      signal: io.signal,
      // A secret is shown once: it is in the file before the next request leaves.
      done: ({ words }, soFar) => {
        keep(soFar);
        say(`  ✓ ${words}\n`);
      },
    });
    keep(known);
    say(`Ids are in ${files.runner}, the administrator’s identity is in ${files.administrator}; only you can read them.\n`);
    result(known, true);
    return 'success';
  } finally {
    await graph.close();
    await tokens.close();
  }
}

function present(values: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** Errors: CLI-101 for none or several kinds at once, ENT-111 for a file that is no certificate. */
function credentialOf(options: SetupOptions, held: boolean): WantedCredential {
  const { certificate, federatedIssuer: issuer, federatedSubject: subject, managedIdentity } = options;
  if ([certificate, issuer, managedIdentity].filter((one) => one !== undefined).length > 1) {
    throw new JoineryError('CLI-101', 'give one of --certificate, --federated-issuer and --managed-identity');
  }
  if (managedIdentity !== undefined) return { kind: 'managedIdentity', principal: managedIdentity.toLowerCase() };
  if (issuer !== undefined) {
    if (subject === undefined) throw new JoineryError('CLI-101', '--federated-issuer needs --federated-subject');
    return { kind: 'federated', issuer, subject };
  }
  if (certificate === undefined) return { kind: 'secret', held };
  try {
    const read = new X509Certificate(readFileSync(certificate));
    return { kind: 'certificate', der: read.raw.toString('base64'), thumbprint: read.fingerprint.replaceAll(':', '') };
  } catch {
    throw new JoineryError('ENT-111', `${certificate} holds no certificate that can be read`);
  }
}
