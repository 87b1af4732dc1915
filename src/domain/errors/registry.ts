import { auditErrors } from './audit.ts';
import { cliErrors } from './cli.ts';
import type { ErrorDeclaration } from './define.ts';
import { domainErrors } from './domain.ts';
import { emulatorErrors } from './emulator.ts';
import { entraErrors } from './entra.ts';
import { entraSetupErrors } from './entra-setup.ts';
import { jsonataErrors } from './jsonata.ts';
import { mappingErrors } from './mapping.ts';
import { notifyErrors } from './notify.ts';
import { pipelineErrors } from './pipeline.ts';
import { planErrors } from './plan.ts';
import { scimErrors } from './scim.ts';
import { sourceErrors } from './source.ts';
import { stagesErrors } from './stages.ts';
import { storeErrors } from './store.ts';

/** Every code there is. A code belongs to one area, by its prefix, and is never reused. */
export const errorRegistry = {
  ...domainErrors,
  ...jsonataErrors,
  ...scimErrors,
  ...pipelineErrors,
  ...mappingErrors,
  ...sourceErrors,
  ...storeErrors,
  ...entraErrors,
  ...entraSetupErrors,
  ...planErrors,
  ...stagesErrors,
  ...notifyErrors,
  ...auditErrors,
  ...cliErrors,
  ...emulatorErrors,
} as const;

export type ErrorCode = keyof typeof errorRegistry;

/** The declaration of a code. */
export function declarationOf(code: ErrorCode): ErrorDeclaration {
  return errorRegistry[code];
}
