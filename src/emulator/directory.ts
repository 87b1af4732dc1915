import type { Json } from '../domain/canonical-json.ts';
import type { Instant } from '../domain/clock.ts';
import type { Journal } from './journal.ts';

/**
 * A user of the tenant, by the property names of Graph. `managerId` and `visibleAt` are the emulator's own: the manager's
 * object id, and the instant from which /users shows the user.
 */
export interface DirectoryUser {
  readonly id: string;
  readonly userPrincipalName: string;
  readonly accountEnabled: boolean;
  readonly displayName: string | null;
  readonly employeeId: string | null;
  readonly createdDateTime: string;
  readonly managerId: string | null;
  /** True: mastered in an on-premises Active Directory; the service cannot write it. */
  readonly onPremisesSyncEnabled: boolean | null;
  readonly visibleAt: Instant;
  readonly [attribute: string]: Json;
}

/** What a test gives to put somebody into the tenant beforehand; the rest is filled in. */
export type DirectoryUserInput = { readonly userPrincipalName: string } & { readonly [attribute: string]: Json };

/** The users of a tenant. Users are replaced, never changed in place, so a list that was taken stays as it was. */
export class Directory {
  readonly #users = new Map<string, DirectoryUser>();
  readonly #byUserPrincipalName = new Map<string, string>();
  /** A number that grows with each new user: the place of a user in lists. */
  readonly #places = new Map<string, number>();
  /** Ids by place; somebody who was removed leaves a gap. */
  readonly #order: string[] = [];
  readonly #byEmployeeId = new Map<string, Set<string>>();
  readonly #journal: Journal;

  constructor(journal: Journal) {
    this.#journal = journal;
    for (const user of journal.restored<DirectoryUser>('user')) this.#index(user);
  }

  get size(): number {
    return this.#users.size;
  }

  /** Every user with all attributes, whether /users shows it yet or not, in the order of creation. */
  users(): DirectoryUser[] {
    return [...this.#users.values()];
  }

  get(id: string): DirectoryUser | undefined {
    return this.#users.get(id);
  }

  /** Later users have greater places; a place is never given again. */
  placeOf(id: string): number {
    return this.#places.get(id) ?? 0;
  }

  /** The users whose place is greater, in that order; 0: all. */
  *usersAfter(place: number): Generator<DirectoryUser> {
    for (let index = place; index < this.#order.length; index++) {
      const user = this.#users.get(this.#order[index] ?? '');
      if (user !== undefined) yield user;
    }
  }

  /** User principal names are compared without case, as the directory does. */
  findByUserPrincipalName(name: string): DirectoryUser | undefined {
    const id = this.#byUserPrincipalName.get(name.toLowerCase());
    return id === undefined ? undefined : this.#users.get(id);
  }

  findByEmployeeId(employeeId: string): DirectoryUser[] {
    const ids = this.#byEmployeeId.get(employeeId.toLowerCase()) ?? [];
    return [...ids].flatMap((id) => this.#users.get(id) ?? []);
  }

  /** Adds or replaces. */
  put(user: DirectoryUser): void {
    const old = this.#users.get(user.id);
    if (old !== undefined) this.#unindex(old);
    this.#index(user);
    this.#journal.put('user', user.id, user);
  }

  remove(id: string): void {
    const old = this.#users.get(id);
    if (old === undefined) return;
    this.#unindex(old);
    this.#users.delete(id);
    this.#places.delete(id);
    this.#journal.remove('user', id);
  }

  #index(user: DirectoryUser): void {
    this.#users.set(user.id, Object.freeze(user));
    if (!this.#places.has(user.id)) this.#places.set(user.id, this.#order.push(user.id));
    this.#byUserPrincipalName.set(user.userPrincipalName.toLowerCase(), user.id);
    if (user.employeeId === null) return;
    const key = user.employeeId.toLowerCase();
    const ids = this.#byEmployeeId.get(key) ?? new Set();
    ids.add(user.id);
    this.#byEmployeeId.set(key, ids);
  }

  #unindex(user: DirectoryUser): void {
    this.#byUserPrincipalName.delete(user.userPrincipalName.toLowerCase());
    if (user.employeeId !== null) this.#byEmployeeId.get(user.employeeId.toLowerCase())?.delete(user.id);
  }
}
