/** Something worth saying about an expression, as data: the mapping layer gives it a place in a file, a code and a sentence. */
export type Finding = { readonly offset: number; readonly length: number } & (
  | { readonly kind: 'unknown-column'; readonly name: string; readonly nearest: string | undefined }
  | { readonly kind: 'unknown-function'; readonly name: string; readonly nearest: string | undefined }
  | { readonly kind: 'unknown-variable'; readonly name: string; readonly nearest: string | undefined }
  /** Values of these kinds are never equal, or have no order. */
  | { readonly kind: 'incompatible-comparison'; readonly operator: string; readonly left: string; readonly right: string }
  /** Arithmetic on what is never a number. */
  | { readonly kind: 'not-a-number'; readonly operator: string; readonly found: string }
  /** The column never has this value. */
  | {
      readonly kind: 'value-outside-list';
      readonly column: string;
      readonly value: string | number | boolean;
      readonly values: readonly (string | number | boolean)[];
      readonly nearest: string | undefined;
    }
  /** A variable or a parameter with the name of something that can be meant as well. */
  | { readonly kind: 'shadowed-name'; readonly name: string; readonly hides: 'function' | 'variable' }
  | { readonly kind: 'reads-clock'; readonly name: string }
  | { readonly kind: 'random'; readonly name: string }
);

/** How a column is read. */
export interface ColumnUse {
  readonly offsets: readonly number[];
  /** Everywhere only compared with values of its closed list, or tested as the boolean that it is. */
  readonly onlyClosed: boolean;
}
