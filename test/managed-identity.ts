import { loadMsal } from '../src/entra/msal.ts';

/**
 * Runs `work` on a machine whose managed identity answers at `endpoint`, in App Service's form, and puts the machine back.
 *
 * msal looks once in the life of a process which endpoint the machine has, and keeps it in a static field, because a machine does not change.
 * Here every test has a machine of its own in a process that files share, so the choice is forgotten before and after.
 */
export async function withManagedIdentity<T>(endpoint: string, header: string, work: () => Promise<T>): Promise<T> {
  const names = { IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: header };
  const before = Object.keys(names).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, names);
  forgetChoice();
  try {
    return await work();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
    forgetChoice();
  }
}

function forgetChoice(): void {
  const made: unknown = Reflect.get(new (loadMsal().ManagedIdentityApplication)(), 'managedIdentityClient');
  if (typeof made !== 'object' || made === null) throw new TypeError('msal keeps its managed identity in another place: see this file');
  if (!Reflect.set(made.constructor, 'identitySource', undefined)) throw new TypeError('msal no longer lets its choice be forgotten');
}
