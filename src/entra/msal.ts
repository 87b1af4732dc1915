import { createRequire } from 'node:module';
import type * as Msal from '@azure/msal-node';

/** As CommonJS, where it is two files: its ES modules are 138, which take twice as long to load, 70 ms of every run. Whoever looks into what msal keeps has to look into this copy. */
export function loadMsal(): typeof Msal {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same package
  return createRequire(import.meta.url)('@azure/msal-node') as typeof Msal;
}
